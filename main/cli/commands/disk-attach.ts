import { defineCommand } from '../arguments/command.ts';
import { diskFormat, diskSource, onDiskError } from '../arguments/disk-option.ts';
import { domainAfter } from '../domain-after.ts';
import { diskLine } from '../format/disk-lines.ts';

export const command = defineCommand({
  words: ['DOMAIN', 'SOURCE'],
  options: {
    name: { kind: 'text', value: 'xvdX', help: 'its name in the guest; else the first free one' },
    format: {
      kind: 'text',
      value: 'F',
      help: 'raw or qcow2; else the volume’s own, or as the path ends',
    },
    'read-only': { kind: 'flag', help: 'nothing is written to it; readers can share it' },
    size: { kind: 'number', value: 'MiB', help: 'make a new file or volume of this size' },
    'on-error': { kind: 'text', value: 'ACTION', help: 'pause (default), report or crash' },
  },
  notes: `SOURCE is a volume as POOL/VOLUME, a path (./pool/file if it has just one slash), or
nbd://HOST:PORT/EXPORT. A running guest gets it at once; one that is off has it from its next start on.
When what lies beneath fails: pause holds the domain until it is mended, report tells its guest
of an I/O error, crash ends it.`,
  async run(context, { words: [domain, source], options }) {
    const task = await (
      await context.site()
    ).domains.attachDisk({
      domain,
      source: diskSource('disk attach', source),
      name: options.name,
      format:
        options.format === undefined
          ? undefined
          : diskFormat('disk attach', 'format', options.format),
      onError:
        options['on-error'] === undefined
          ? undefined
          : onDiskError('disk attach', 'on-error', options['on-error']),
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
