import { resolve } from 'node:path';
import { SaveReport } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { bytes, duration } from '../format/units.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME', '[FILE]'],
  options: {
    'leave-running': { kind: 'flag', short: 'c', help: 'it goes on; needs a FILE' },
  },
  notes:
    'Without FILE the program keeps it, and "domus start NAME" goes on from there. With FILE: "domus restore FILE".',
  async run(context, { words: [domain, file], options }) {
    const task = await (
      await context.site()
    ).domains.save({
      domain,
      ...(file !== undefined && { file: resolve(file) }),
      ...(options['leave-running'] && { leaveRunning: true }),
    });
    const report = SaveReport.parse((await finished(context, task)).result);
    await context.output.result(report, () => `saved ${domain}${reportText(report)}`);
  },
});

/** ` to /tmp/web1.state: 41.0 MB in 0.3 s, 12 ms down` */
function reportText({ file, downtimeMs, totalMs, ...report }: SaveReport): string {
  const to = file === null ? '' : ` to ${file}`;
  const down = downtimeMs === null ? '' : `, ${duration(downtimeMs)} down`;
  return `${to}: ${bytes(report.bytes)} in ${duration(totalMs)}${down}`;
}
