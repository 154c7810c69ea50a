import { NetworkKind } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { oneOf } from '../arguments/one-of.ts';
import { networkText } from '../format/network-lines.ts';

const ANSWERS = ['yes', 'no'] as const;

export const command = defineCommand({
  words: ['NAME'],
  options: {
    kind: { kind: 'text', value: 'K', help: 'isolated, routed or outside' },
    'reaches-machine': {
      kind: 'text',
      value: 'yes|no',
      help: 'whether guests may reach this machine too (outside only)',
    },
  },
  notes: 'Holds at once, also for guests that run.',
  async run(context, { words: [name], options }) {
    const reaches = oneOf('network set', 'reaches-machine', ANSWERS, options['reaches-machine']);
    const network = await (
      await context.site()
    ).networks.set({
      network: name,
      kind: oneOf('network set', 'kind', NetworkKind.options, options.kind),
      reachesMachine: reaches === undefined ? undefined : reaches === 'yes',
    });
    await context.output.result(network, () => `network ${name}: ${networkText(network)}`);
  },
});
