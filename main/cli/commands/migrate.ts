import { MigrationReport } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { MOVE_OPTIONS, moveOptions } from '../arguments/move-options.ts';
import type { Context } from '../context.ts';
import { asRecord, longStopLine, reportText, roundLine } from '../format/move-lines.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME', 'HOST'],
  options: MOVE_OPTIONS,
  notes: `It is copied while it runs, and stands still for what is left. What would stop it for longer than
is usual is told before; with --max-downtime it fails instead, and the domain stays where it is.
Disks in pools that HOST does not see are copied first, while the domain goes on writing to them.
Ctrl-C cancels. Rounds are told on stderr as they end; with --json only where that is a terminal.`,
  async run(context, { words: [domain, host], options }) {
    const asked = { domain, host, ...moveOptions('migrate', options) };
    const task = await (await context.site()).domains.migrate(asked);
    const ended = await finished(context, task, (say) => tellRounds(context, task.id, say));
    const report = MigrationReport.parse(ended.result);
    await context.output.result(asRecord(report), () => `moved ${domain} ${reportText(report)}`);
  },
});

/** Every round as it ends, until the move does. */
async function tellRounds(
  context: Context,
  id: string,
  say: (line: string) => void,
): Promise<void> {
  const { json, stderr } = context.output;
  if (json && !stderr.isTTY) return;
  let told = 0;
  let isLongTold = false;
  for await (const move of await (await context.site()).domains.followMove({ id })) {
    for (const round of move.rounds.slice(told)) say(roundLine(round));
    told = move.rounds.length;
    if (move.longStopMs === null || isLongTold) continue;
    isLongTold = true;
    say(longStopLine(move.longStopMs));
  }
}
