import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';

const HEAD = ['Port', 'Protocol', 'To', 'State'];

export const command = defineCommand({
  words: [],
  options: {},
  notes: 'Ports are of 127.0.0.1. One that is not open says why; "forward add" tries it again.',
  async run(context) {
    const forwards = await (await context.site()).forwards.list();
    await context.output.result(forwards, () => {
      const rows = forwards.map(({ port, protocol, domain, toPort, fault }) => [
        String(port),
        protocol,
        `${domain}:${toPort}`,
        fault ?? 'open',
      ]);
      return table(HEAD, rows, ['Port']);
    });
  },
});
