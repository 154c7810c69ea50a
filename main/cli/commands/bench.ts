import { DomusError } from '../../../shared/errors.ts';
import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  async run(_context, { words: [name] }) {
    throw new DomusError('bench.unknown', `There is no benchmark ${name}.`);
  },
});
