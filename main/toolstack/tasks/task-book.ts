/** All long work: started here, told to whoever follows, kept in the history. */
import { randomUUID } from 'node:crypto';
import type { Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { LogBook } from '../log/log-book.ts';
import type { TaskTable } from '../store/task-table.ts';
import { Topic } from '../streams/topic.ts';
import { unlessAborted, within } from '../streams/waiting.ts';
import { RunningTask } from './task.ts';
import type { TaskOutcome, TaskSpec } from './task.ts';

const DEFAULT_LIMIT = 100;
const CLOSE_TIMEOUT_MS = 5000;

export class TaskBook {
  private readonly table: TaskTable;
  private readonly log: LogBook;
  private readonly onChange: (task: Task) => void;
  private readonly running = new Map<string, RunningTask>();
  private readonly ended = new Map<string, Promise<void>>();
  private readonly topic = new Topic<Task>({ limit: 1000, keyOf: (task) => task.id });

  constructor(table: TaskTable, log: LogBook, onChange: (task: Task) => void) {
    this.table = table;
    this.log = log;
    this.onChange = onChange;
  }

  /** At start-up: tasks that a killed program left behind have failed. */
  closeUnfinished(): void {
    for (const task of this.table.unfinished()) {
      this.table.save({
        ...task,
        state: 'failed',
        cancellable: false,
        endedAtMs: Date.now(),
        error: {
          code: 'task.interrupted',
          message: 'The program ended while this was going on.',
          data: {},
        },
      });
    }
    this.table.prune();
  }

  /** Starts `work` and answers at once with the task's record. */
  start(spec: TaskSpec, work: (task: RunningTask) => Promise<TaskOutcome>): Task {
    const task = new RunningTask(randomUUID(), spec, (record) => this.tell(record));
    this.running.set(task.current.id, task);
    this.table.save(task.current);
    this.tell(task.current);
    this.ended.set(task.current.id, this.run(task, work));
    return task.current;
  }

  list(limit = DEFAULT_LIMIT): Task[] {
    return this.table.newest(limit).map((task) => this.running.get(task.id)?.current ?? task);
  }

  /** Its record now. Error `task.unknown`. */
  get(id: string): Task {
    const task = this.running.get(id)?.current ?? this.table.find(id);
    if (!task) {
      throw new DomusError('task.unknown', `There is no task ${id}; "tasks.list" names them.`, {
        data: { task: id },
      });
    }
    return task;
  }

  /** Asks it to stop; its record says when it did. */
  cancel(id: string): Task {
    const task = this.running.get(id);
    if (!task) {
      const { title } = this.get(id);
      throw new DomusError('task.not-cancellable', `"${title}" has ended already.`, {
        data: { task: id },
      });
    }
    task.cancel();
    return task.current;
  }

  /** The record at every change (newest wins for a slow reader), the final one last. */
  follow(id: string, signal?: AbortSignal): AsyncGenerator<Task, void, void> {
    const now = this.get(id);
    const changes = this.topic.read(signal, [now], (task) => task.id === id && isEnded(task));
    return only(changes, id);
  }

  /** The final record. */
  async wait(id: string, signal?: AbortSignal): Promise<Task> {
    this.get(id);
    await unlessAborted(this.ended.get(id) ?? Promise.resolve(), signal);
    return this.get(id);
  }

  /** Cancels what can be cancelled and waits a moment for it, at the end of the program. */
  async close(): Promise<void> {
    const going = [...this.running.values()].filter(({ current }) => current.cancellable);
    for (const task of going) task.cancel();
    const over = Promise.allSettled(
      going.flatMap(({ current }) => this.ended.get(current.id) ?? []),
    );
    await within(over, CLOSE_TIMEOUT_MS, () => new Error('they take too long')).catch(() => {});
    this.topic.close();
  }

  private async run(
    task: RunningTask,
    work: (task: RunningTask) => Promise<TaskOutcome>,
  ): Promise<void> {
    const { id } = task.current;
    try {
      task.done(await work(task));
    } catch (error) {
      task.failed(error);
      this.report(task.current, error);
    }
    try {
      this.table.save(task.current);
    } catch (error) {
      this.log.write('error', 'tasks', `the end of a task was not stored: ${String(error)}`);
    }
    this.running.delete(id);
    this.ended.delete(id);
  }

  private report(task: Task, error: unknown): void {
    if (task.state !== 'failed') return;
    this.log.write('error', 'tasks', `${task.title}: ${task.error?.message}`, task.domain);
    if (error instanceof Error && !(error instanceof DomusError)) {
      this.log.write('error', 'tasks', error.stack ?? error.message, task.domain);
    }
  }

  private tell(task: Task): void {
    this.topic.publish(task);
    this.onChange(task);
  }
}

function isEnded(task: Task): boolean {
  return task.state !== 'running';
}

async function* only(
  tasks: AsyncGenerator<Task, void, void>,
  id: string,
): AsyncGenerator<Task, void, void> {
  for await (const task of tasks) if (task.id === id) yield task;
}
