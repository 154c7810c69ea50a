import type { Task } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';
import { duration, timestamp } from '../format/units.ts';

export const command = defineCommand({
  words: [],
  options: { lines: { kind: 'number', value: 'N', help: 'the newest N' } },
  async run(context, { options: { lines } }) {
    const tasks = await (await context.site()).tasks.list({ limit: lines });
    await context.output.result(tasks, () =>
      table(['Started', 'State', 'Took', 'What'], tasks.map(taskRow), ['Took']),
    );
  },
});

function taskRow(task: Task): string[] {
  const { startedAtMs, endedAtMs, state, title, error, detail } = task;
  const said = error?.message ?? detail;
  return [
    timestamp(startedAtMs),
    state,
    duration((endedAtMs ?? Date.now()) - startedAtMs),
    said === null ? title : `${title}: ${said}`,
  ];
}
