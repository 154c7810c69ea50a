import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['IMAGE'],
  options: {},
  async run(context, { words: [image] }) {
    const answer = await (await context.site()).images.remove({ image });
    await context.output.result(answer, () => `removed image ${image}`);
  },
});
