import type { Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['ID'],
  options: {},
  notes: 'ID is as "domus tasks" shows it, or more of it. It returns when the task has ended.',
  async run(context, { words: [id] }) {
    const site = await context.site();
    const { tasks } = site;
    const task = theOne(await tasks.list({}), id);
    await tasks.cancel({ id: task.id });
    const ended = await tasks.wait({ id: task.id });
    await context.output.result(
      ended,
      () => `${ended.state}: ${ended.error?.message ?? ended.title}`,
    );
  },
});

/** Errors `task.unknown`, `task.ambiguous`. */
function theOne(tasks: readonly Task[], beginning: string): Task {
  const found = tasks.filter(({ id }) => id.startsWith(beginning));
  const [task] = found;
  const data = { task: beginning };
  if (!task) {
    const message = `There is no task ${beginning}. "domus tasks" names them.`;
    throw new DomusError('task.unknown', message, { data });
  }
  if (found.length === 1) return task;
  const message = `${found.length} tasks begin with ${beginning}. Give more of its ID: ${task.id}.`;
  throw new DomusError('task.ambiguous', message, { data });
}
