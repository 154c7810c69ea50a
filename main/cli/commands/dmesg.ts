import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  notes: 'On a terminal, control characters that the guest printed show as \\xNN.',
  async run(context, { words: [domain] }) {
    const { output } = context;
    const answer = await (await context.site()).domains.dmesg({ domain });
    if (output.json || output.stdout.isTTY) {
      return output.result(answer, () => answer.text.replaceAll('\r\n', '\n').replace(/\n$/, ''));
    }
    await output.text(answer.text);
  },
});
