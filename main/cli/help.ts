/** What `--help` prints. */
import type { Command, Option } from './arguments/command.ts';
import { GLOBAL_OPTIONS } from './arguments/parse.ts';
import { COMMANDS } from './command-table.ts';

const SUMMARY_COLUMN = 20;

export function generalHelp(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => row(name, summary));
  return `Usage: domus [--home DIR] [--json] COMMAND [ARGUMENTS]

${commands.join('\n')}

  ${'--home DIR'.padEnd(SUMMARY_COLUMN)}${GLOBAL_OPTIONS.home.help}
  ${'--json'.padEnd(SUMMARY_COLUMN)}${GLOBAL_OPTIONS.json.help}
  ${'--version'.padEnd(SUMMARY_COLUMN)}the version of Domus

"domus COMMAND --help" says more of each.
`;
}

export function commandHelp(name: string, command: Command): string {
  const options = { ...command.options, ...GLOBAL_OPTIONS };
  const rows = Object.entries(options).map(([option, spec]) => [spelling(option, spec), spec.help]);
  const width = Math.max(...rows.map(([left]) => left!.length)) + 2;
  const text = `Usage: ${usage(name, command)}

${COMMANDS[name]?.summary ?? ''}.

${rows.map(([left, right]) => `  ${left!.padEnd(width)}${right}`).join('\n')}
`;
  return command.notes === undefined ? text : `${text}\n${command.notes.trim()}\n`;
}

/** `domus create NAME [--host H] [--cold]` */
export function usage(
  name: string,
  { words, options }: Pick<Command, 'words' | 'options'>,
): string {
  const optional = Object.entries(options).map(([option, spec]) =>
    spec.kind === 'flag'
      ? `[--${option}]`
      : `[--${option} ${spec.value ?? 'VALUE'}]${spec.kind === 'list' ? '…' : ''}`,
  );
  const plain = words.map((word) => (word.endsWith('...') ? `-- ${word.slice(0, -3)}…` : word));
  return ['domus', name, ...plain, ...optional].join(' ');
}

function row(name: string, summary: string): string {
  return `  ${name.padEnd(SUMMARY_COLUMN)}${summary}`;
}

function spelling(option: string, { kind, short, value }: Option): string {
  const long = kind === 'flag' ? `--${option}` : `--${option} ${value ?? 'VALUE'}`;
  return short === undefined ? long : `-${short}, ${long}`;
}
