/** One invocation of `domus`, from its words to its exit status. */
import { DomusError } from '../../shared/errors.ts';
import { asksForJson, parseCommand, parseLeading } from './arguments/parse.ts';
import { usageError } from './arguments/usage-error.ts';
import { commandsOf, findCommand } from './command-table.ts';
import { Context } from './context.ts';
import { commandHelp, generalHelp } from './help.ts';
import { Output } from './terminal/output.ts';
import { domusVersion } from './version.ts';

/** Exit statuses, beside that of a guest's command (`exec`). */
export const ExitStatus = { failed: 1, wrongArguments: 2 } as const;

/**
 * Settles with the exit status, when everything was printed: 0; 2 for wrong arguments; 1 for
 * everything else that failed. Never rejects.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  const output = new Output(asksForJson(argv));
  let status: number;
  try {
    status = await dispatch(argv, output);
  } catch (error) {
    output.failure(error);
    status = exitStatus(error);
  }
  await output.flush();
  return status;
}

/** `input.invalid` is what the daemon calls arguments that are none. */
export function exitStatus(error: unknown): number {
  const wrong = error instanceof DomusError && ['usage', 'input.invalid'].includes(error.code);
  return wrong ? ExitStatus.wrongArguments : ExitStatus.failed;
}

async function dispatch(argv: readonly string[], output: Output): Promise<number> {
  const leading = parseLeading(argv);
  if (leading.version) {
    const version = domusVersion();
    await output.result({ version }, () => version);
    return 0;
  }
  const [first] = leading.rest;
  if (first === undefined && leading.help) return help(output, generalHelp());
  if (first === 'help') return helpFor(output, leading.rest.slice(1));
  const found = findCommand(leading.rest);
  if (!found) throw unknownCommand(first);
  const { name, entry, rest } = found;
  const { command } = await entry.load();
  const { globals, ...given } = parseCommand(name, command, rest);
  if (leading.help || globals.help) return help(output, commandHelp(name, command));
  using context = new Context(output, globals.home ?? leading.home, domusVersion());
  return (await command.run(context, given)) ?? 0;
}

async function helpFor(output: Output, words: readonly string[]): Promise<number> {
  if (words.length === 0) return help(output, generalHelp());
  const found = findCommand(words);
  if (!found) throw unknownCommand(words[0]);
  return help(output, commandHelp(found.name, (await found.entry.load()).command));
}

async function help(output: Output, text: string): Promise<number> {
  if (output.json) await output.result({ help: text }, () => text);
  else await output.text(text);
  return 0;
}

function unknownCommand(word: string | undefined): DomusError {
  if (word === undefined) return usageError('A command is missing.');
  const group = commandsOf(word);
  if (group.length === 0) return usageError(`There is no command ${JSON.stringify(word)}.`);
  return usageError(`"${word}" is one of: ${group.join(', ')}.`);
}
