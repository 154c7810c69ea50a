/**
 * Waits for a task of the daemon, with its progress on a terminal. Ctrl-C asks to cancel it; the
 * second one leaves it to itself.
 */
import type { Task } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import type { Context } from './context.ts';
import { ProgressLine } from './terminal/progress-line.ts';

/**
 * The final record of a task that is done. A failed or cancelled one throws its error. `besides` may
 * say lines of its own meanwhile; they are said before this answers.
 */
export async function finished(
  context: Context,
  begun: Task,
  besides: (say: (line: string) => void) => Promise<void> = async () => {},
): Promise<Task> {
  const site = await context.site();
  const line = new ProgressLine(context.output.stderr);
  const interrupt = (): void => {
    process.removeListener('SIGINT', interrupt);
    site.tasks.cancel({ id: begun.id }).catch((error: unknown) => {
      line.clear();
      context.output.note(DomusError.toData(error).message);
    });
  };
  process.on('SIGINT', interrupt);
  let last = begun;
  const say = (text: string): void => {
    line.clear();
    context.output.note(text);
  };
  const telling = besides(say).catch((error: unknown) => say(DomusError.toData(error).message));
  try {
    for await (const task of await site.tasks.follow({ id: begun.id })) {
      last = task;
      line.show(progressText(task));
    }
    await telling;
  } finally {
    line.clear();
    process.removeListener('SIGINT', interrupt);
  }
  if (last.state === 'running') last = await site.tasks.wait({ id: begun.id });
  if (last.state === 'done') return last;
  throw last.error
    ? DomusError.from(last.error)
    : new DomusError('task.failed', `"${last.title}" did not work.`, { data: { task: last.id } });
}

/** `Moving web1 to beta  42 %  copying memory, 38 of 64 MiB` */
export function progressText({ title, progress, detail }: Task): string {
  const percent = progress === null ? '' : `  ${Math.floor(progress * 100)} %`;
  return `${title}${percent}${detail === null ? '' : `  ${detail}`}`;
}
