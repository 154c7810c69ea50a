import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  async run(context, { words: [host] }) {
    const answer = await (await context.site()).hosts.remove({ host });
    await context.output.result(answer, () => `removed host ${host}`);
  },
});
