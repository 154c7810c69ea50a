import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';

const HEAD = ['If', 'Sent', 'Bytes', 'Received', 'Bytes', 'Dropped'];

export const command = defineCommand({
  words: ['DOMAIN'],
  options: {},
  notes: 'Frames and bytes since its life on its host began, and what was dropped, by reason.',
  async run(context, { words: [domain] }) {
    const counters = await (await context.site()).domains.interfaceCounters({ domain });
    await context.output.result(counters, () => {
      const rows = counters.map((one) => [
        `eth${one.handle}`,
        String(one.sentFrames),
        String(one.sentBytes),
        String(one.receivedFrames),
        String(one.receivedBytes),
        one.drops.map((drop) => `${drop.frames} ${drop.direction} (${drop.reason})`).join(', ') ||
          '-',
      ]);
      return table(HEAD, rows, HEAD.slice(1, 5));
    });
  },
});
