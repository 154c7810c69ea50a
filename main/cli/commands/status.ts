import { defineCommand } from '../arguments/command.ts';
import { siteLines } from '../format/site-lines.ts';

export const command = defineCommand({
  words: [],
  options: {},
  async run(context) {
    const info = await (await context.site()).site.info();
    await context.output.result(info, () => siteLines(info));
  },
});
