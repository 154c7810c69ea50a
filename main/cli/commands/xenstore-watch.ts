import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['PATH'],
  options: { host: { kind: 'text', value: 'H', help: "this host's xenstore" } },
  notes: 'Until Ctrl-C. The path itself comes first, once, when the watch is set.',
  async run(context, { words: [path], options: { host } }) {
    for await (const change of await (await context.site()).xenstore.watch({ host, path })) {
      await context.output.result(change, () => change.path);
    }
  },
});
