import { DomusError } from '../../../shared/errors.ts';

/** What was typed is none of the command's; `domus COMMAND --help` says what is. */
export function usageError(message: string, command?: string): DomusError {
  const help = command === undefined ? 'domus --help' : `domus ${command} --help`;
  return new DomusError('usage', `${message} See "${help}".`, {
    data: command === undefined ? {} : { command },
  });
}
