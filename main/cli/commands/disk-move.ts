import { defineCommand } from '../arguments/command.ts';
import { domainAfter } from '../domain-after.ts';

export const command = defineCommand({
  words: ['DOMAIN', 'NAME', 'POOL'],
  options: { keep: { kind: 'flag', help: 'the volume that it leaves is not deleted' } },
  notes: `A running guest goes on writing: the disk is copied meanwhile, and in the end the copy is the
disk. An overlay becomes whole.`,
  async run(context, { words: [domain, disk, pool], options: { keep } }) {
    const task = await (await context.site()).domains.moveDisk({ domain, disk, pool, keep });
    await domainAfter(context, task, ({ name, disks }) => {
      const source = disks.find((one) => one.name === disk)?.source;
      return `moved ${disk} of ${name} to ${source}`;
    });
  },
});
