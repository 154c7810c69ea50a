/** Pools and volumes on a folder of their own, with a real I/O worker and no hosts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll } from 'vitest';
import type { Pool, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { DiskLocks } from '../disks/disk-locks.ts';
import { IoLink } from '../disks/io-link.ts';
import { DomainRegistry } from '../domains/domain-registry.ts';
import { FolderTurns } from '../files/folder-turns.ts';
import { EventBook } from '../events/event-book.ts';
import { LogBook } from '../log/log-book.ts';
import { PoolRegistry } from '../storage/pool-registry.ts';
import { PoolViews } from '../storage/pool-views.ts';
import type { StorageParts } from '../storage/storage-parts.ts';
import { Storage } from '../storage/storage.ts';
import { Store } from '../store/store.ts';
import { TaskBook } from '../tasks/task-book.ts';

export class TestStorage {
  readonly folder: string;
  readonly store: Store;
  readonly worker: IoLink;
  readonly folders = new FolderTurns();
  readonly parts: StorageParts;
  readonly log: LogBook;
  /** What was told of pools, one after another. */
  readonly told: Pool[][] = [];

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'domus-storage-'));
    this.store = Store.open(join(this.folder, 'domus.db')).store;
    const url = new URL('../../workers/io.worker.ts', import.meta.url);
    this.worker = new IoLink(() => new Worker(url));
    const log = new LogBook(join(this.folder, 'log'), 'debug');
    this.log = log;
    const domains = new DomainRegistry({
      table: this.store.domains,
      settings: this.store.settings,
      changed: () => this.parts.poolViews.domainChanged(),
      removed: () => this.parts.poolViews.domainChanged(),
    });
    const { pools: table, settings } = this.store;
    const storage = new Storage({
      pools: new PoolRegistry({ table, settings, home: this.folder, folders: this.folders }),
      folders: this.folders,
      locks: new DiskLocks(join(this.folder, 'locks')),
      home: this.folder,
      looker: () => this.worker,
      jobs: () => this.worker,
      log: () => undefined,
    });
    this.parts = {
      store: this.store,
      storage,
      domains,
      events: new EventBook(this.store.events, log),
      tasks: new TaskBook(this.store.tasks, log, () => undefined),
      poolViews: new PoolViews({
        storage,
        domains,
        publish: (pools) => this.told.push(pools),
        log: () => undefined,
      }),
    };
  }

  /** For one test file; gone after it. */
  static async open(): Promise<TestStorage> {
    const test = new TestStorage();
    await test.parts.storage.pools.addDefault();
    afterAll(async () => {
      await test.parts.poolViews.close();
      await test.worker.terminate();
      test.store.close();
      rmSync(test.folder, { recursive: true, force: true });
    });
    return test;
  }

  /** The task's final record; its error if it has one. */
  async done(starting: Promise<Task>): Promise<Task> {
    const task = await this.parts.tasks.wait((await starting).id);
    if (task.error) throw DomusError.from(task.error);
    return task;
  }
}
