import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['PATH', 'VALUE'],
  options: { host: { kind: 'text', value: 'H', help: "this host's xenstore" } },
  notes: '\\xNN in VALUE is one byte, \\\\ a backslash.',
  async run(context, { words: [path, value], options: { host } }) {
    const answer = await (await context.site()).xenstore.write({ host, path, value });
    await context.output.result(answer, () => []);
  },
});
