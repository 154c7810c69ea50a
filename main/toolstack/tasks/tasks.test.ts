import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { LogBook } from '../log/log-book.ts';
import { Store } from '../store/store.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { TaskBook } from './task-book.ts';
import { unlessAborted } from '../streams/waiting.ts';

function book(path = join(temporaryFolder(), 'domus.db')): { tasks: TaskBook; seen: Task[] } {
  const { store } = Store.open(path);
  const log = new LogBook(temporaryFolder(), 'info');
  onTestFinished(() => (store.close(), log.close()));
  const seen: Task[] = [];
  return { tasks: new TaskBook(store.tasks, log, (task) => seen.push(task)), seen };
}

const spec = { kind: 'test', title: 'Doing it' };

describe('tasks', () => {
  test('are there at once, tell their progress, and end with their result', async () => {
    const { tasks } = book();
    const gate = Promise.withResolvers<void>();
    const begun = tasks.start(spec, async (task) => {
      await gate.promise;
      task.progress(0.5, 'half');
      return { title: 'Did it', result: { answer: 42 }, undo: 'undelete' };
    });
    expect(begun).toMatchObject({ state: 'running', title: 'Doing it', progress: null });
    const following = (async () => {
      const states: (string | null)[] = [];
      for await (const task of tasks.follow(begun.id)) states.push(task.detail ?? task.state);
      return states;
    })();
    gate.resolve();
    const ended = await tasks.wait(begun.id);
    expect(ended).toMatchObject({
      state: 'done',
      title: 'Did it',
      result: { answer: 42 },
      undo: 'undelete',
    });
    expect((await following).at(-1)).toBe('done');
    expect(tasks.list()[0]).toEqual(ended);
  });

  test('that fail keep code, message and data; others go on', async () => {
    const { tasks } = book();
    const failing = tasks.start(spec, () =>
      Promise.reject(new DomusError('host.out-of-memory', 'no room', { data: { needKiB: 1 } })),
    );
    const fine = tasks.start(spec, () => Promise.resolve({ title: 'Did it' }));
    expect((await tasks.wait(failing.id)).error).toEqual({
      code: 'host.out-of-memory',
      message: 'no room',
      data: { needKiB: 1 },
    });
    expect((await tasks.wait(fine.id)).state).toBe('done');
  });

  test('can be cancelled while they may be, and not after', async () => {
    const { tasks } = book();
    const begun = tasks.start({ ...spec, cancellable: true }, (task) =>
      unlessAborted(new Promise<never>(() => {}), task.signal),
    );
    tasks.cancel(begun.id);
    const ended = await tasks.wait(begun.id);
    expect(ended).toMatchObject({ state: 'cancelled', error: { code: 'task.cancelled' } });
    expect(() => tasks.cancel(begun.id)).toThrow(
      expect.objectContaining({ code: 'task.not-cancellable' }),
    );
  });

  test('past the point of no return refuse to be cancelled', async () => {
    const { tasks } = book();
    const gate = Promise.withResolvers<void>();
    const begun = tasks.start({ ...spec, cancellable: true }, async (task) => {
      task.holdOn();
      await gate.promise;
      return { title: 'Did it' };
    });
    expect(() => tasks.cancel(begun.id)).toThrow(/cannot be cancelled at this point/);
    gate.resolve();
    expect((await tasks.wait(begun.id)).state).toBe('done');
  });

  test('that a killed program left behind have failed, in its next run', () => {
    const path = join(temporaryFolder(), 'domus.db');
    const { tasks } = book(path);
    const begun = tasks.start(spec, () => new Promise(() => {}));
    const next = book(path).tasks;
    next.closeUnfinished();
    expect(next.get(begun.id)).toMatchObject({
      state: 'failed',
      error: { code: 'task.interrupted' },
    });
  });

  test('that do not exist are said not to', async () => {
    const { tasks } = book();
    await expect(tasks.wait('nothing')).rejects.toMatchObject({ code: 'task.unknown' });
    expect(() => tasks.follow('nothing')).toThrow(
      expect.objectContaining({ code: 'task.unknown' }),
    );
  });
});
