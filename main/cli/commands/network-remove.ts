import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  async run(context, { words: [network] }) {
    const answer = await (await context.site()).networks.remove({ network });
    await context.output.result(answer, () => `removed network ${network}`);
  },
});
