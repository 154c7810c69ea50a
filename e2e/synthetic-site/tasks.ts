/** Long work, played: progress in steps, then an outcome. */
import type { Task } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import type { SyntheticSite } from './site.ts';

const STEPS = 10;

export interface Work {
  readonly kind: string;
  readonly title: string;
  readonly domain: string | null;
  readonly host: string | null;
  readonly durationMs: number;
  readonly cancellable?: boolean;
  readonly undo?: string;
  detail?(done: number): string;
  /** Runs at every step, 0 to 1; throws to fail. */
  step?(done: number): void;
  /** Runs at the end; gives the title of the ended task and what it gave. */
  finish(): { title: string; result?: unknown };
  /** Runs when it failed or was cancelled: takes back what was begun. */
  abandon?(): void;
}

export function startTask(site: SyntheticSite, work: Work): Task {
  const task: Task = {
    id: site.random.uuid(),
    kind: work.kind,
    title: work.title,
    domain: work.domain,
    host: work.host,
    state: 'running',
    progress: 0,
    detail: work.detail?.(0) ?? null,
    error: null,
    result: null,
    startedAtMs: Date.now(),
    endedAtMs: null,
    cancellable: work.cancellable ?? false,
    undo: null,
  };
  site.setTask(task);
  void play(site, task.id, work);
  return task;
}

async function play(site: SyntheticSite, id: string, work: Work): Promise<void> {
  for (let step = 1; step <= STEPS; step++) {
    await pause(work.durationMs / STEPS);
    const task = site.tasks.get(id);
    if (task === undefined || task.state !== 'running') {
      work.abandon?.();
      return;
    }
    const done = step / STEPS;
    try {
      work.step?.(done);
      if (step === STEPS) return end(site, task, work);
    } catch (error) {
      return fail(site, task, work, error);
    }
    site.setTask({ ...task, progress: done, detail: work.detail?.(done) ?? null });
  }
}

function end(site: SyntheticSite, task: Task, work: Work): void {
  const { title, result } = work.finish();
  site.setTask({
    ...task,
    title,
    state: 'done',
    progress: 1,
    detail: null,
    result: result ?? null,
    endedAtMs: Date.now(),
    cancellable: false,
    undo: work.undo ?? null,
  });
  site.note('info', `${work.kind}.done`, title, task.domain, task.host);
}

function fail(site: SyntheticSite, task: Task, work: Work, error: unknown): void {
  work.abandon?.();
  const data = DomusError.toData(error);
  site.setTask({
    ...task,
    state: 'failed',
    detail: null,
    error: data,
    endedAtMs: Date.now(),
    cancellable: false,
  });
  site.note('error', `${work.kind}.failed`, data.message, task.domain, task.host);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
