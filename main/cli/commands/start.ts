import { defineCommand } from '../arguments/command.ts';
import { domainAfter } from '../domain-after.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: { cold: { kind: 'flag', help: 'boot its kernel, instead of cloning a running one' } },
  async run(context, { words: [domain], options: { cold } }) {
    const task = await (await context.site()).domains.start({ domain, cold });
    await domainAfter(context, task, ({ name, host, domid }) => {
      return `started ${name} on ${host}: domid ${domid}`;
    });
  },
});
