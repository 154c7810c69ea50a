import { defineCommand } from '../arguments/command.ts';
import { domainAfter } from '../domain-after.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  notes: 'Returns when the guest answers again.',
  async run(context, { words: [domain] }) {
    const task = await (await context.site()).domains.reboot({ domain });
    await domainAfter(context, task, ({ name, state, domid }) => {
      return domid === null ? `${name} is ${state}` : `rebooted ${name}: domid ${domid}`;
    });
  },
});
