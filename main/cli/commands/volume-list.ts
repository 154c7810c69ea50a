import type { Volume } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';
import { bytes } from '../format/units.ts';
import { volumeMiB } from '../format/volume-lines.ts';

const HEAD = ['Volume', 'MiB', 'Takes', 'Format', 'Over', 'Used by'];

export const command = defineCommand({
  words: ['[POOL]'],
  options: {},
  notes:
    'MiB is what a guest sees, Takes what it has of the disk. Without POOL: those of all pools.',
  async run(context, { words: [name] }) {
    const pools = await (await context.site()).pools.list();
    const chosen = pools.filter((pool) => name === undefined || pool.name === name);
    if (name !== undefined && chosen.length === 0) throw noPool(name);
    const volumes = chosen.flatMap((pool) => pool.volumes);
    const faults = [
      ...chosen.map((pool) => ({ of: `pool ${pool.name}`, fault: pool.fault })),
      ...volumes.map((volume) => ({ of: `${volume.pool}/${volume.name}`, fault: volume.fault })),
    ].flatMap(({ of, fault }) => (fault === null ? [] : [`${of}: ${fault}`]));
    await context.output.result(volumes, () => [
      ...table(HEAD, volumes.map(row), ['MiB', 'Takes']),
      ...faults,
    ]);
  },
});

function row(volume: Volume): string[] {
  return [
    `${volume.pool}/${volume.name}`,
    volumeMiB(volume),
    bytes(volume.allocatedBytes),
    volume.format,
    volume.over ?? '-',
    volume.usedBy.join(', ') || '-',
  ];
}

function noPool(pool: string): DomusError {
  return new DomusError('pool.unknown', `There is no pool ${pool}. "domus pool list" names them.`, {
    data: { pool },
  });
}
