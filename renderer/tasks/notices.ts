import { UNSTABLE_ToastQueue as ToastQueue } from 'react-aria-components';
import type { Task } from '../../shared/contract/schemas.ts';
import { errorDataOf } from '../site/error-data.ts';
import { taskSentence } from './task-sentence.ts';

export interface Notice {
  readonly kind: 'done' | 'failed';
  readonly title: string;
  readonly detail: string | null;
  /** Set when the notice offers to take a deletion back. */
  readonly undoDomain: string | null;
}

const SHOWN_MS = 6000;

/** Toasts: what failed, and the few ends of work that are worth an interruption. */
export class Notices {
  readonly queue = new ToastQueue<Notice>({ maxVisibleToasts: 3 });

  failed(title: string, error: unknown): void {
    this.refused(title, errorDataOf(error).message);
  }

  refused(title: string, why: string): void {
    this.add({ kind: 'failed', title, detail: why, undoDomain: null });
  }

  done(title: string, undoDomain: string | null = null): void {
    this.add({ kind: 'done', title, detail: null, undoDomain });
  }

  taskEnded(task: Task): void {
    if (task.state === 'failed') {
      this.add({
        kind: 'failed',
        title: `Failed: ${task.title}`,
        detail: task.error?.message ?? null,
        undoDomain: null,
      });
    } else if (task.state === 'done' && task.kind === 'migrate') this.done(taskSentence(task));
    else if (task.state === 'done' && task.undo === 'undelete') this.done(task.title, task.domain);
  }

  private add(notice: Notice): void {
    // A failure stays until it is read.
    this.queue.add(notice, notice.kind === 'failed' ? {} : { timeout: SHOWN_MS });
  }
}
