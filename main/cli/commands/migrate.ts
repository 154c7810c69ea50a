import { MigrationReport } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { MOVE_OPTIONS, moveOptions } from '../arguments/move-options.ts';
import { bytes, duration } from '../format/units.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME', 'HOST'],
  options: MOVE_OPTIONS,
  notes: `It is copied while it runs, and stands still for what is left. What would stop it for longer than
is usual is told before; with --max-downtime it fails instead, and the domain stays where it is.
Ctrl-C cancels.`,
  async run(context, { words: [domain, host], options }) {
    const asked = { domain, host, ...moveOptions('migrate', options) };
    const task = await (await context.site()).domains.migrate(asked);
    const report = MigrationReport.parse((await finished(context, task)).result);
    await context.output.result(report, () => `moved ${domain} ${reportText(report)}`);
  },
});

/** `from alpha to beta: 12 ms down, 41.0 MB in 1.2 s, 3 rounds` */
function reportText(report: MigrationReport): string {
  const { from, to, downtimeMs, totalMs, rounds } = report;
  const times = rounds.length === 1 ? '1 round' : `${rounds.length} rounds`;
  const most = Math.max(0, ...rounds.map(({ throttlePercent }) => throttlePercent));
  const slowed = most > 0 ? `, slowed down by up to ${most} %` : '';
  return `from ${from} to ${to}: ${duration(downtimeMs)} down, ${bytes(report.bytes)} in ${duration(totalMs)}, ${times}${slowed}`;
}
