import { MigrationReport } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { bytes, duration } from '../format/units.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME', 'HOST'],
  options: {},
  async run(context, { words: [domain, host] }) {
    const task = await (await context.site()).domains.migrate({ domain, host });
    const report = MigrationReport.parse((await finished(context, task)).result);
    await context.output.result(report, () => `moved ${domain} ${reportText(report)}`);
  },
});

/** `from alpha to beta: 12 ms down, 41.0 MB in 1.2 s, 3 rounds` */
function reportText(report: MigrationReport): string {
  const { from, to, downtimeMs, totalMs, rounds } = report;
  const times = rounds.length === 1 ? '1 round' : `${rounds.length} rounds`;
  return `from ${from} to ${to}: ${duration(downtimeMs)} down, ${bytes(report.bytes)} in ${duration(totalMs)}, ${times}`;
}
