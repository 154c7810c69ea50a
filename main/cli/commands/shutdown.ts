import { defineCommand } from '../arguments/command.ts';
import { domainAfter } from '../domain-after.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  notes: 'Returns when the domain is off. One that does not listen: "domus destroy".',
  async run(context, { words: [domain] }) {
    const task = await (await context.site()).domains.shutdown({ domain });
    await domainAfter(context, task, ({ name, state }) => `${name} is ${state}`);
  },
});
