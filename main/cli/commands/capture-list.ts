import { defineCommand } from '../arguments/command.ts';
import { captureText } from '../format/network-lines.ts';
import { table } from '../format/table.ts';
import { timestamp } from '../format/units.ts';

const HEAD = ['Id', 'Domain', 'If', 'Started', 'State', 'File'];

export const command = defineCommand({
  words: [],
  options: {},
  notes: 'Captures that go on, and the last ones that ended.',
  async run(context) {
    const captures = await (await context.site()).captures.list();
    await context.output.result(captures, () => {
      const rows = captures.map((capture) => [
        capture.id,
        capture.domain,
        `eth${capture.handle}`,
        timestamp(capture.startedAtMs),
        captureText(capture),
        capture.path,
      ]);
      return table(HEAD, rows);
    });
  },
});
