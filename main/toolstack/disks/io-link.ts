/** An I/O worker as the toolstack sees it. */
import type { Worker } from 'node:worker_threads';
import type { DiskServiceCalls, DiskServiceEvents } from '../../dom0/index.ts';
import type { StateFileCalls } from '../../migration/index.ts';
import { WorkerLink } from '../control/worker-link.ts';

/** Starts `main/workers/io.worker.ts`; which file that is, only the workers know. */
export type IoWorkerFactory = () => Worker;

/** `exited` settles when every access of its has ended, too. */
export class IoLink extends WorkerLink<DiskServiceCalls & StateFileCalls, DiskServiceEvents> {
  constructor(factory: IoWorkerFactory) {
    super(factory(), 'the I/O worker');
  }
}
