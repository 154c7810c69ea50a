import { LogLine } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { oneOf } from '../arguments/one-of.ts';
import { timestamp } from '../format/units.ts';

export const command = defineCommand({
  words: ['[NAME]'],
  options: {
    level: {
      kind: 'text',
      value: 'LEVEL',
      help: 'debug, info (default), warning, error: and worse',
    },
    lines: { kind: 'number', value: 'N', help: 'the last N lines' },
    follow: { kind: 'flag', short: 'f', help: 'go on until Ctrl-C' },
  },
  notes: `Without NAME: the daemon's. Debug lines are there if "domus serve --log-level debug" wrote them.
With --json one object a line.`,
  async run(context, { words: [domain], options: { level, lines, follow } }) {
    const least = oneOf('log', 'level', LogLine.shape.level.options, level);
    const site = await context.site();
    const log = await site.site.log({ domain, level: least, limit: lines, follow });
    for await (const line of log) {
      await context.output.result(line, () => {
        return `${timestamp(line.timeMs)} ${line.level.padEnd(7)} ${line.source}  ${line.message}`;
      });
    }
  },
});
