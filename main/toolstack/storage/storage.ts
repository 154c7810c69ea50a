/** The site's pools with what works on them: made once, handed to each operation. */
import { readdirSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { createDiskFile, removeDiskFile } from '../disks/disk-file.ts';
import type { DiskLocks, DiskUser } from '../disks/disk-locks.ts';
import type { IoLink } from '../disks/io-link.ts';
import { lock, openLocked } from '../disks/locked-file.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import { PoolContents } from './pool-contents.ts';
import { silent, unavailable } from './pool-registry.ts';
import type { PoolRegistry, StoragePool } from './pool-registry.ts';

export interface StorageOptions {
  pools: PoolRegistry;
  locks: DiskLocks;
  /** The folder of the site. */
  home: string;
  /** The worker for files that are nobody's disk. */
  jobs(): IoLink;
  log(level: 'warning' | 'error', message: string): void;
}

export class Storage {
  readonly pools: PoolRegistry;
  readonly locks: DiskLocks;
  readonly contents: PoolContents;
  private readonly options: StorageOptions;

  constructor(options: StorageOptions) {
    this.options = options;
    this.pools = options.pools;
    this.locks = options.locks;
    this.contents = new PoolContents(() => this.jobs());
  }

  jobs(): IoLink {
    return this.options.jobs();
  }

  /** The pool of that name, if its folder is there. Errors `pool.unknown`, `pool.unavailable`. */
  usable(name: string): StoragePool {
    const pool = this.pools.get(name);
    // To ask it would stop this thread.
    if (this.contents.isSilent(pool)) throw silent(pool);
    if (pool.folder.isThere) return pool;
    throw unavailable(pool);
  }

  /** As in "in use by …": `the clone of default/base`. */
  user(what: string): DiskUser {
    return { user: what, home: this.options.home };
  }

  /**
   * Holds the name of a volume, that is there or not, against all who would make, replace or delete
   * it. Answers with its release. Error `volume.busy`.
   */
  claim(pool: StoragePool, volume: string, what: string): () => void {
    const path = pool.folder.at(volume);
    const key = `name.${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
    try {
      return this.locks.acquire({ key, path }, false, this.user(what));
    } catch (error) {
      if (!(error instanceof DomusError) || error.code !== 'disk.in-use') throw error;
      const by = typeof error.data['user'] === 'string' ? error.data['user'] : 'another program';
      throw new DomusError(
        'volume.busy',
        `${pool.name}/${volume} is being changed by ${by}. Wait until that has ended.`,
        { data: { pool: pool.name, volume } },
      );
    }
  }

  /** An empty file in a pool that becomes a volume by being renamed. Errors `disk.…`. */
  newFile(pool: StoragePool, what: string): LockedFile {
    const path = pool.folder.newUnfinished();
    const file = createDiskFile(path);
    return lock(path, file, () =>
      this.locks.acquire({ key: file.key, path }, false, this.user(what)),
    );
  }

  /** Deletes what programs that were killed did not finish. Never fails; may never end. */
  async tidy(): Promise<void> {
    await Promise.all(
      this.pools.all().map(async (pool) => {
        try {
          if (await pool.folder.isReady()) this.tidyPool(pool);
        } catch (error) {
          this.options.log('warning', `pool ${pool.name} was not tidied up: ${String(error)}`);
        }
      }),
    );
  }

  private tidyPool({ folder }: StoragePool): void {
    folder.forgetMissing();
    const unfinished = readdirSync(folder.workshop).filter((name) => folder.isUnfinished(name));
    for (const name of unfinished) {
      const path = join(folder.workshop, name);
      try {
        const user = this.user('the start of the program');
        const file = openLocked(path, this.locks, { readOnly: false, user, follow: false });
        removeDiskFile(path);
        file.close();
      } catch (error) {
        // Another program is at it.
        if (!(error instanceof DomusError)) throw error;
      }
    }
  }
}
