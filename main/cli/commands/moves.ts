import { defineCommand } from '../arguments/command.ts';
import { asRecord, outcomeText } from '../format/move-lines.ts';
import { table } from '../format/table.ts';
import { timestamp } from '../format/units.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  notes: 'The newest first. With --json also every round.',
  async run(context, { words: [domain] }) {
    const moves = await (await context.site()).domains.moves({ domain });
    await context.output.result(asRecord(moves), () =>
      table(
        ['Started', 'From', 'To', 'What'],
        moves.map((move) => [timestamp(move.startedAtMs), move.from, move.to, outcomeText(move)]),
      ),
    );
  },
});
