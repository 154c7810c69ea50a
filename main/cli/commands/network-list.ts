import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';

const HEAD = ['Name', 'Kind', 'Subnet', 'Gateway', 'MTU', 'Machine'];

export const command = defineCommand({
  words: [],
  options: {},
  notes: `Kind: isolated guests reach each other only; routed ones also those of other networks that are
routed or outside; outside ones also what this machine reaches. Machine: its own addresses too.`,
  async run(context) {
    const networks = await (await context.site()).networks.list();
    await context.output.result(networks, () => {
      const rows = networks.map(({ name, kind, subnet, gateway, mtu, reachesMachine }) => [
        name,
        kind,
        subnet,
        gateway,
        String(mtu),
        reachesMachine ? 'reached' : '-',
      ]);
      return table(HEAD, rows, ['MTU']);
    });
  },
});
