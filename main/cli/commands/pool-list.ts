import { defineCommand } from '../arguments/command.ts';
import { bytes } from '../format/units.ts';
import { table } from '../format/table.ts';

const HEAD = ['Name', 'Kind', 'Host', 'Volumes', 'Free', 'Size', 'Folder'];

export const command = defineCommand({
  words: [],
  options: {},
  notes: 'All hosts see a shared pool; only its host sees a local one.',
  async run(context) {
    const pools = await (await context.site()).pools.list();
    const rows = pools.map((pool) => [
      pool.name,
      pool.kind,
      pool.host ?? '-',
      pool.fault === null ? String(pool.volumes.length) : '?',
      pool.freeBytes === null ? '?' : bytes(pool.freeBytes),
      pool.capacityBytes === null ? '?' : bytes(pool.capacityBytes),
      pool.path,
    ]);
    const faults = pools.flatMap(({ name, fault }) =>
      fault === null ? [] : [`${name}: ${fault}`],
    );
    await context.output.result(pools, () => [
      ...table(HEAD, rows, ['Volumes', 'Free', 'Size']),
      ...faults,
    ]);
  },
});
