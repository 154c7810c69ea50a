import { defineCommand } from '../arguments/command.ts';
import { diskFormat, diskPath } from '../arguments/disk-option.ts';
import { domainAfter } from '../domain-after.ts';
import { diskLine } from '../format/disk-lines.ts';

export const command = defineCommand({
  words: ['DOMAIN', 'PATH'],
  options: {
    name: { kind: 'text', value: 'xvdX', help: 'its name in the guest; else the first free one' },
    format: { kind: 'text', value: 'F', help: 'raw or qcow2; else as the path ends' },
    'read-only': { kind: 'flag', help: 'nothing is written to it; readers can share it' },
    size: { kind: 'number', value: 'MiB', help: 'make a new raw file of this size' },
  },
  notes: 'A running guest gets it at once; one that is off has it from its next start on.',
  async run(context, { words: [domain, path], options }) {
    const task = await (
      await context.site()
    ).domains.attachDisk({
      domain,
      source: diskPath('disk attach', path),
      name: options.name,
      format:
        options.format === undefined
          ? undefined
          : diskFormat('disk attach', 'format', options.format),
      readOnly: options['read-only'],
      sizeMiB: options.size,
    });
    await domainAfter(
      context,
      task,
      ({ name, disks }) => `attached to ${name}: ${diskLine(disks.at(-1)!)}`,
    );
  },
});
