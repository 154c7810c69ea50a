import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['PATH'],
  options: { host: { kind: 'text', value: 'H', help: "this host's xenstore" } },
  async run(context, { words: [path], options: { host } }) {
    const answer = await (await context.site()).xenstore.remove({ host, path });
    await context.output.result(answer, () => []);
  },
});
