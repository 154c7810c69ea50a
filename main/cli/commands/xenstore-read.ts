import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['PATH'],
  options: { host: { kind: 'text', value: 'H', help: "this host's xenstore" } },
  notes: 'Bytes that are no printable ASCII show as \\xNN.',
  async run(context, { words: [path], options: { host } }) {
    const node = await (await context.site()).xenstore.read({ host, path });
    await context.output.result(node, () => node.value);
  },
});
