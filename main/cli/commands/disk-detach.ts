import { defineCommand } from '../arguments/command.ts';
import { domainAfter } from '../domain-after.ts';

export const command = defineCommand({
  words: ['DOMAIN', 'NAME'],
  options: {},
  notes: 'Unmount it in the guest first. Its file stays as it is.',
  async run(context, { words: [domain, disk] }) {
    const task = await (await context.site()).domains.detachDisk({ domain, disk });
    await domainAfter(context, task, ({ name }) => `detached ${disk} from ${name}`);
  },
});
