/**
 * Brings what only memory has into the file, in an order that survives a kill or a power failure at
 * any moment. Between two syncs writes may reach the disk in any order, or not at all, so:
 *
 *     1. counts, new L2 tables (nothing names them yet), and the data written before   sync
 *     2. refcount table entries that name new blocks                                    sync
 *     3. entries of L2 tables and of the L1 table that name what 1 wrote                sync
 *     4. in memory only: counts of what no table names any more go down
 *
 * Step 3 writes what was so at step 1: what changes meanwhile waits for the next commit. So a cluster
 * that a table names is counted and holds its data, and one that is used anew has no old name left.
 * Steps without anything to write are left out: overwriting in place costs one sync.
 */
import type { DomusError } from '../../../../shared/errors.ts';
import { systemError } from '../disk-error.ts';
import type { Done } from '../disk-image.ts';
import type { BlockFile } from '../files/block-file.ts';
import type { CapturedMap, ClusterMap } from './cluster-map.ts';
import type { Refcounts } from './refcounts.ts';

interface Captured {
  map: CapturedMap;
  tableEntries: number[];
  released: number[];
}

export interface CommitListener {
  /** After each commit, before those who asked for it are told. */
  onOver(error: DomusError | null): void;
  /** What was to be counted down had no users: the counts are not to be trusted. */
  onFault(error: DomusError): void;
}

export class Commit {
  private readonly file: BlockFile;
  private readonly map: ClusterMap;
  private readonly refcounts: Refcounts;
  private readonly listener: CommitListener;
  private running = false;
  private waiting: Done[] = [];
  private readonly alone: (() => void)[] = [];

  constructor(file: BlockFile, map: ClusterMap, refcounts: Refcounts, listener: CommitListener) {
    this.file = file;
    this.map = map;
    this.refcounts = refcounts;
    this.listener = listener;
  }

  /** Done when everything that memory has now is stable. One under way does not count. */
  request(done: Done): void {
    this.waiting.push(done);
    if (!this.running) this.start();
  }

  /** Does `work`, at once or later, while no commit is under way. */
  between(work: () => void): void {
    if (this.running) this.alone.push(work);
    else work();
  }

  private start(): void {
    this.running = true;
    const asked = this.waiting;
    this.waiting = [];
    try {
      this.refcounts.writeBlocks();
      this.map.writeNewTables();
    } catch (error) {
      return this.finish(asked, null, systemError(this.file.label, 'writing', error));
    }
    const captured: Captured = {
      map: this.map.capture(),
      tableEntries: this.refcounts.takeTableEntries(),
      released: this.refcounts.takeReleased(),
    };
    const { pieces, l1 } = captured.map;
    const steps: (() => void)[] = [];
    if (captured.tableEntries.length > 0) {
      steps.push(() => this.refcounts.writeTableEntries(captured.tableEntries));
    }
    if (pieces.length + l1.length > 0) steps.push(() => this.map.write(captured.map));
    this.proceed(asked, captured, steps);
  }

  /** Each step after what came before it is stable. */
  private proceed(asked: readonly Done[], captured: Captured, steps: (() => void)[]): void {
    this.file.sync((error) => {
      const step = steps.shift();
      if (error || !step) return this.finish(asked, captured, error);
      try {
        step();
      } catch (thrown) {
        return this.finish(asked, captured, systemError(this.file.label, 'writing', thrown));
      }
      this.proceed(asked, captured, steps);
    });
  }

  private finish(
    asked: readonly Done[],
    captured: Captured | null,
    error: DomusError | null,
  ): void {
    if (captured) {
      this.map.committed(captured.map, error !== null);
      if (error) {
        this.refcounts.putBackTableEntries(captured.tableEntries);
        this.refcounts.releaseAgain(captured.released);
      } else {
        this.free(captured.released);
      }
    }
    this.running = false;
    for (const work of this.alone.splice(0)) work();
    this.listener.onOver(error);
    for (const done of asked) done(error);
    if (!this.running && this.waiting.length > 0) this.start();
  }

  private free(released: readonly number[]): void {
    try {
      this.refcounts.free(released);
    } catch (error) {
      this.listener.onFault(systemError(this.file.label, 'counting', error));
    }
  }
}
