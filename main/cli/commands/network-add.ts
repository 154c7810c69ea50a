import { NetworkKind } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { oneOf } from '../arguments/one-of.ts';
import { networkText } from '../format/network-lines.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {
    kind: { kind: 'text', value: 'K', help: 'isolated (default), routed or outside' },
    subnet: { kind: 'text', value: 'S', help: 'as 10.1.0.0/24; else the first of 10.77.x.0/24' },
    mtu: { kind: 'number', value: 'BYTES', help: 'else 1500' },
    'reaches-machine': { kind: 'flag', help: 'guests may reach this machine too (outside only)' },
  },
  async run(context, { words: [name], options }) {
    const network = await (
      await context.site()
    ).networks.add({
      name,
      kind: oneOf('network add', 'kind', NetworkKind.options, options.kind),
      subnet: options.subnet,
      mtu: options.mtu,
      reachesMachine: options['reaches-machine'] ? true : undefined,
    });
    await context.output.result(network, () => `added network ${name}: ${networkText(network)}`);
  },
});
