import { defineCommand } from '../arguments/command.ts';
import { usageError } from '../arguments/usage-error.ts';

export const command = defineCommand({
  words: ['DOMAIN', 'NAME'],
  options: { size: { kind: 'number', value: 'MiB', help: 'its new size, larger than now' } },
  notes: 'A running guest sees the new size at once; its file system is grown in the guest.',
  async run(context, { words: [ref, disk], options: { size: sizeMiB } }) {
    if (sizeMiB === undefined) throw usageError('--size MiB is missing.', 'disk resize');
    const site = await context.site();
    const domain = await site.domains.resizeDisk({ domain: ref, disk, sizeMiB });
    await context.output.result(domain, () => `${disk} of ${domain.name} has ${sizeMiB} MiB now`);
  },
});
