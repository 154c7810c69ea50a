import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  notes: 'Its folder and its volumes stay, and can be added again.',
  async run(context, { words: [pool] }) {
    const answer = await (await context.site()).pools.remove({ pool });
    await context.output.result(answer, () => `removed pool ${pool}; its volumes are kept`);
  },
});
