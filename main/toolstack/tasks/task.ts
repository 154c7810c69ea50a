/** One piece of work while it runs: what it tells of itself, and how it ends. */
import type { Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';

export interface TaskSpec {
  kind: string;
  /** In the present: "Moving web1 to beta". */
  title: string;
  domain?: string | null;
  host?: string | null;
  cancellable?: boolean;
}

export interface TaskOutcome {
  /** In the past tense: "Moved web1 to beta (21 ms down)". */
  title: string;
  result?: unknown;
  /** The call that takes it back, and its argument: "domains.undelete 1b4e…". */
  undo?: string | null;
}

export class RunningTask {
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private record: Task;
  private readonly onChange: (task: Task) => void;

  constructor(id: string, spec: TaskSpec, onChange: (task: Task) => void) {
    this.signal = this.controller.signal;
    this.onChange = onChange;
    this.record = {
      id,
      kind: spec.kind,
      title: spec.title,
      domain: spec.domain ?? null,
      host: spec.host ?? null,
      state: 'running',
      progress: null,
      detail: null,
      error: null,
      result: null,
      startedAtMs: Date.now(),
      endedAtMs: null,
      cancellable: spec.cancellable ?? false,
      undo: null,
    };
  }

  get current(): Task {
    return this.record;
  }

  /** `fraction` from 0 to 1, or null where it cannot be known; `detail` is the step it is at. */
  progress(fraction: number | null, detail: string): void {
    this.change({ progress: fraction, detail });
  }

  /** The domain it is about exists now. */
  about(domain: string): void {
    this.change({ domain });
  }

  /** From here on it cannot be cancelled any more. */
  holdOn(): void {
    this.signal.throwIfAborted();
    this.change({ cancellable: false });
  }

  /** Error `task.not-cancellable`; asked again, it does no more. */
  cancel(): void {
    if (this.signal.aborted) return;
    if (!this.record.cancellable) {
      throw new DomusError(
        'task.not-cancellable',
        `"${this.record.title}" cannot be cancelled${this.record.state === 'running' ? ' at this point' : ': it has ended'}.`,
        { data: { task: this.record.id } },
      );
    }
    this.change({ cancellable: false, detail: 'cancelling' });
    this.controller.abort(
      new DomusError('task.cancelled', `"${this.record.title}" was cancelled.`),
    );
  }

  done(outcome: TaskOutcome): void {
    this.end({
      state: 'done',
      title: outcome.title,
      progress: 1,
      detail: null,
      result: outcome.result ?? null,
      undo: outcome.undo ?? null,
    });
  }

  failed(error: unknown): void {
    const cancelled = this.signal.aborted;
    const data = DomusError.toData(cancelled ? this.signal.reason : error);
    this.end({ state: cancelled ? 'cancelled' : 'failed', error: data });
  }

  private end(change: Partial<Task>): void {
    this.change({ ...change, endedAtMs: Date.now(), cancellable: false });
  }

  private change(change: Partial<Task>): void {
    this.record = { ...this.record, ...change };
    this.onChange(this.record);
  }
}
