import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';

const HEAD = ['Network', 'Address', 'MAC', 'Domain'];

export const command = defineCommand({
  words: [],
  options: {},
  notes: 'An address is its interface’s for good, whether the domain runs or not.',
  async run(context) {
    const leases = await (await context.site()).networks.leases();
    await context.output.result(leases, () => {
      const rows = leases.map(({ network, address, mac, domain }) => [
        network,
        address,
        mac,
        domain,
      ]);
      return table(HEAD, rows);
    });
  },
});
