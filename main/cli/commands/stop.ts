import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: [],
  options: {},
  notes: 'Running domains end; the next start says which they were.',
  async run(context) {
    const site = await context.site();
    const { pid } = await site.site.info();
    const answer = await site.site.shutdown();
    await context.output.result(answer, () => `process ${pid} is ending`);
  },
});
