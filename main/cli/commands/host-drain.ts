import { DrainReport } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { MOVE_OPTIONS, moveOptions } from '../arguments/move-options.ts';
import { duration } from '../format/units.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {
    to: {
      kind: 'text',
      value: 'HOST',
      help: 'where all of them go; else where there is most room',
    },
    ...MOVE_OPTIONS,
  },
  notes: `Domains that run move live, two at a time; those that are off are defined elsewhere. It fails when
some stay, and says which and why. From now on create places no domain here unless --host names it:
"domus host undrain NAME" ends that. Ctrl-C cancels, and ends that too.`,
  async run(context, { words: [host], options }) {
    const { to, ...rest } = options;
    const asked = { host, to, ...moveOptions('host drain', rest) };
    const task = await (await context.site()).hosts.drain(asked);
    const report = DrainReport.parse((await finished(context, task)).result);
    await context.output.result(report, () => drainedText(report));
  },
});

/** One line a domain. */
function drainedText({ host, moved }: DrainReport): string {
  const lines = moved.map(
    ({ domain, to, downtimeMs }) =>
      `${domain} to ${to}${downtimeMs === null ? '' : `: ${duration(downtimeMs)} down`}`,
  );
  return [`drained ${host}`, ...lines].join('\n');
}
