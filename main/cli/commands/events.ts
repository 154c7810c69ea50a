import { defineCommand } from '../arguments/command.ts';
import { timestamp } from '../format/units.ts';

export const command = defineCommand({
  words: [],
  options: {
    lines: { kind: 'number', value: 'N', help: 'the last N events' },
    follow: { kind: 'flag', short: 'f', help: 'go on until Ctrl-C' },
  },
  notes: 'With --json one object a line.',
  async run(context, { options: { lines, follow } }) {
    const site = await context.site();
    for await (const event of await site.site.events({ limit: lines, follow })) {
      await context.output.result(event, () => {
        const severity = event.severity === 'info' ? '' : `${event.severity}: `;
        return `${timestamp(event.timeMs)}  ${severity}${event.message}`;
      });
    }
  },
});
