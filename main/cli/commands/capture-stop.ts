import { defineCommand } from '../arguments/command.ts';
import { captureText } from '../format/network-lines.ts';

export const command = defineCommand({
  words: ['ID'],
  options: {},
  notes: 'Returns when the file is complete.',
  async run(context, { words: [id] }) {
    const capture = await (await context.site()).captures.stop({ id });
    await context.output.result(capture, () => `${capture.path}: ${captureText(capture)}`);
  },
});
