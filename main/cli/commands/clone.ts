import { CloneReport } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { duration } from '../format/units.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME', 'NEW'],
  options: {},
  notes:
    'It goes on from where NAME is, with a name, a MAC address, keys of chance and disks of its own; NAME goes on too.',
  async run(context, { words: [domain, name] }) {
    const task = await (await context.site()).domains.clone({ domain, name });
    const report = CloneReport.parse((await finished(context, task)).result);
    await context.output.result(report, () => {
      const { downtimeMs, totalMs } = report;
      return `cloned ${domain} to ${name} in ${duration(totalMs)}, ${duration(downtimeMs)} down`;
    });
  },
});
