import { CheckpointReport } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { bytes, duration } from '../format/units.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME', '[LABEL]'],
  options: {},
  notes: 'While it runs: it stands still for some hundredths of a second. Without LABEL: the time.',
  async run(context, { words: [domain, label] }) {
    const site = await context.site();
    const task = await site.checkpoints.create({ domain, ...(label !== undefined && { label }) });
    const report = CheckpointReport.parse((await finished(context, task)).result);
    await context.output.result(report, () => {
      const { checkpoint, downtimeMs, totalMs } = report;
      const down = downtimeMs === null ? '' : `, ${duration(downtimeMs)} down`;
      return `made ${checkpoint.id.slice(0, 8)} “${checkpoint.label}” of ${domain}: ${bytes(report.bytes)} in ${duration(totalMs)}${down}`;
    });
  },
});
