/** The words of the shell, as a command's arguments. Everything wrong is a `usage` error. */
import { parseArgs } from 'node:util';
import type { Arguments, Command, Option, Options, Words } from './command.ts';
import { usageError } from './usage-error.ts';

/** Options of every command, before its name or after. */
export const GLOBAL_OPTIONS = {
  home: { kind: 'text', value: 'DIR', help: 'the home folder; else DOMUS_HOME' },
  json: { kind: 'flag', help: 'machine-readable output, errors too' },
  help: { kind: 'flag', short: 'h', help: 'say what the command takes' },
} as const satisfies Options;

export interface Globals {
  home: string | undefined;
  json: boolean;
  help: boolean;
}

export interface Leading extends Globals {
  version: boolean;
  /** The command's name and everything after it. */
  rest: string[];
}

/** What stands before the command's name. */
export function parseLeading(argv: readonly string[]): Leading {
  const found: Leading = { home: undefined, json: false, help: false, version: false, rest: [] };
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (!word.startsWith('-')) return { ...found, rest: argv.slice(at) };
    if (word === '--json') found.json = true;
    else if (word === '--help' || word === '-h') found.help = true;
    else if (word === '--version') found.version = true;
    else if (word.startsWith('--home=')) found.home = homeFolder(word.slice('--home='.length));
    else if (word === '--home') found.home = homeFolder(argv[++at]);
    else throw usageError(`There is no option ${word} before the command.`);
  }
  return found;
}

/** Whether an error is to be told as JSON, for words that may not parse at all. */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

export function parseCommand<W extends Words, O extends Options>(
  name: string,
  command: Pick<Command<W, O>, 'words' | 'options'>,
  argv: readonly string[],
): Arguments<W, O> & { globals: Globals } {
  const options: Options = { ...command.options, ...GLOBAL_OPTIONS };
  const { values, positionals } = split(name, options, argv);
  const { home, json, help } = values;
  const globals = {
    home: home === undefined ? undefined : homeFolder(home as string),
    json: json === true,
    help: help === true,
  };
  const taken = Object.entries(command.options).map(([option, spec]) => [
    option,
    optionValue(name, option, spec, values[option]),
  ]);
  return {
    words: (globals.help ? [] : assign(name, command.words, positionals)) as never,
    options: Object.fromEntries(taken) as never,
    globals,
  };
}

/** A whole number of 0 or more; `what` is the option or word it was given for. */
export function wholeNumber(command: string, what: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usageError(`${what} takes a whole number, not ${JSON.stringify(text)}.`, command);
}

type Value = string | boolean | string[] | undefined;
type Values = Record<string, Value>;

function split(
  name: string,
  options: Options,
  argv: readonly string[],
): { values: Values; positionals: string[] } {
  const entries = Object.entries(options).map(([option, { kind, short }]) => {
    const type: 'boolean' | 'string' = kind === 'flag' ? 'boolean' : 'string';
    const multiple = kind === 'list';
    return [option, short === undefined ? { type, multiple } : { type, multiple, short }] as const;
  });
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: Object.fromEntries(entries),
      allowPositionals: true,
    });
    return { values: values as Values, positionals };
  } catch (error) {
    throw usageError(parserSentence(error), name);
  }
}

/** The parser's sentences are good, but for its advice to programmers. */
function parserSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown option '(.+?)'/.exec(message)?.[1];
  if (unknown !== undefined) {
    const isNumber = /^-\d/.test(unknown);
    return `There is no option ${unknown}${isNumber ? ', and no number below 0 is taken' : ''}.`;
  }
  const without =
    /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' argument (missing|is ambiguous)/.exec(message);
  if (without) {
    const [, option, why] = without;
    return why === 'missing'
      ? `${option} takes a value, and none follows it.`
      : `${option} takes a value, and what follows it begins with "-": write ${option}=VALUE if that is meant.`;
  }
  return `${message.split('\n', 1)[0]!.replace(/\.$/, '')}.`;
}

function optionValue(
  command: string,
  name: string,
  { kind }: Option,
  value: Value,
): string | number | boolean | string[] | undefined {
  if (kind === 'flag') return value === true;
  if (kind === 'list') return (value as string[] | undefined) ?? [];
  if (value === undefined || kind === 'text') return value;
  return wholeNumber(command, `--${name}`, String(value));
}

/**
 * Each word at its place; all of the rest for the last, where it takes them. Words that may be left
 * out are, the last ones first, until there are enough for those that may not.
 */
function assign(
  command: string,
  names: Words,
  given: readonly string[],
): (string | string[] | undefined)[] {
  let spare = given.length - names.filter((name) => !name.startsWith('[')).length;
  let next = 0;
  const assigned = names.map((name) => {
    if (name.endsWith('...')) {
      const rest = given.slice(next);
      if (rest.length === 0) throw missing(command, name.slice(0, -'...'.length));
      return rest;
    }
    if (name.startsWith('[') && spare-- <= 0) return undefined;
    const word = given[next++];
    if (word === undefined) throw missing(command, name);
    return word;
  });
  const extra = given[names.length];
  if (extra !== undefined && !names.at(-1)?.endsWith('...')) {
    throw usageError(`${JSON.stringify(extra)} is one word too many.`, command);
  }
  return assigned;
}

function missing(command: string, word: string): Error {
  return usageError(`${word} is missing.`, command);
}

function homeFolder(folder: string | undefined): string {
  if (folder === undefined || folder === '') throw usageError('--home takes a folder.');
  return folder;
}
