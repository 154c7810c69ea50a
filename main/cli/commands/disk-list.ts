import { defineCommand } from '../arguments/command.ts';
import { diskMiB, diskMode } from '../format/disk-lines.ts';
import { table } from '../format/table.ts';

const HEAD = ['Domain', 'Disk', 'MiB', 'Format', 'Mode', 'Source'];

export const command = defineCommand({
  words: ['[DOMAIN]'],
  options: {},
  notes: 'Without DOMAIN: the disks of all of them.',
  async run(context, { words: [ref] }) {
    const { domains } = await context.site();
    const listed = ref === undefined ? await domains.list() : [await domains.get({ domain: ref })];
    const all = listed.flatMap(({ name, disks }) =>
      disks.map((disk) => ({ domain: name, ...disk })),
    );
    await context.output.result(all, () => {
      const rows = all.map((disk) => [
        disk.domain,
        disk.name,
        diskMiB(disk),
        disk.format,
        diskMode(disk),
        disk.source,
      ]);
      return table(HEAD, rows, ['MiB']);
    });
  },
});
