import type { Task } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';
import { duration, timestamp } from '../format/units.ts';

/** Enough to tell them apart. */
const ID_LENGTH = 8;

export const command = defineCommand({
  words: [],
  options: { lines: { kind: 'number', value: 'N', help: 'the newest N' } },
  async run(context, { options: { lines } }) {
    const tasks = await (await context.site()).tasks.list({ limit: lines });
    await context.output.result(tasks, () =>
      table(['ID', 'Started', 'State', 'Took', 'What'], tasks.map(taskRow), ['Took']),
    );
  },
});

function taskRow(task: Task): string[] {
  const { id, startedAtMs, endedAtMs, state, title, error, detail } = task;
  const said = error?.message ?? detail;
  return [
    id.slice(0, ID_LENGTH),
    timestamp(startedAtMs),
    state,
    duration((endedAtMs ?? Date.now()) - startedAtMs),
    said === null ? title : `${title}: ${said}`,
  ];
}
