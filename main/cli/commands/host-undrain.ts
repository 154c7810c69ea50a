import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  async run(context, { words: [name] }) {
    const host = await (await context.site()).hosts.undrain({ host: name });
    await context.output.result(host, () => `domains are placed on ${host.name} again`);
  },
});
