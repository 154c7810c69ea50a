import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME', 'NEW-NAME'],
  options: {},
  notes: 'It is also the host name inside the guest.',
  async run(context, { words: [ref, name] }) {
    const domain = await (await context.site()).domains.rename({ domain: ref, name });
    await context.output.result(domain, () => `${ref} is now called ${domain.name}`);
  },
});
