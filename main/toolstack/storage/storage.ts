/** The site's pools with what works on them: made once, handed to each operation. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { createDiskFile, removeDiskFile } from '../disks/disk-file.ts';
import type { DiskLocks, DiskUser } from '../disks/disk-locks.ts';
import type { IoLink } from '../disks/io-link.ts';
import { lock, openLocked } from '../disks/locked-file.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import type { FolderTurns } from '../files/folder-turns.ts';
import type { PatientTurns } from '../streams/patient-turns.ts';
import { PoolContents } from './pool-contents.ts';
import { unavailable } from './pool-registry.ts';
import type { PoolRegistry, StoragePool } from './pool-registry.ts';

export interface StorageOptions {
  pools: PoolRegistry;
  locks: DiskLocks;
  /** The folder of the site. */
  home: string;
  folders: FolderTurns;
  /** Looks into files, and never stands in one. */
  looker(): IoLink;
  /**
   * The worker for files of one place that are nobody's disk: a pool's name, or another. It may stand in a
   * folder that does not answer.
   */
  jobs(place: string): IoLink;
  log(level: 'warning' | 'error', message: string): void;
}

export class Storage {
  readonly pools: PoolRegistry;
  readonly locks: DiskLocks;
  readonly contents: PoolContents;
  readonly folders: FolderTurns;
  private readonly options: StorageOptions;

  constructor(options: StorageOptions) {
    this.options = options;
    this.pools = options.pools;
    this.locks = options.locks;
    this.folders = options.folders;
    this.contents = new PoolContents(() => this.looker());
  }

  looker(): IoLink {
    return this.options.looker();
  }

  jobs(place: string): IoLink {
    return this.options.jobs(place);
  }

  /** Of the folder that a file is in, by its path: a pool's or another. */
  turnsAt(path: string): PatientTurns {
    return this.pools.holding(path)?.folder.turns ?? this.folders.at(dirname(path));
  }

  /** The pool of that name, if its folder is there. Errors `pool.unknown`, `pool.unavailable`. */
  async usable(name: string): Promise<StoragePool> {
    const pool = this.pools.get(name);
    if (await pool.folder.turns.take(() => pool.folder.isReady())) return pool;
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

  /** An empty file in a pool that becomes a volume by being renamed. Errors `disk.…`, `pool.unavailable`. */
  newFile(pool: StoragePool, what: string): Promise<LockedFile> {
    const path = pool.folder.newUnfinished();
    const make = async (): Promise<LockedFile> => {
      const file = await createDiskFile(path);
      return lock(path, file, false, (shared) =>
        this.locks.acquire({ key: file.key, path }, shared, this.user(what)),
      );
    };
    return pool.folder.turns.take(make, async (late) => {
      await removeDiskFile(path);
      await late.close();
    });
  }

  /** Deletes what programs that were killed did not finish. Never fails; may never end. */
  async tidy(): Promise<void> {
    await Promise.all(
      this.pools.all().map(async (pool) => {
        try {
          const { folder } = pool;
          await folder.turns.take(async () => {
            if (await folder.isReady()) await this.tidyPool(pool);
          });
        } catch (error) {
          this.options.log('warning', `pool ${pool.name} was not tidied up: ${String(error)}`);
        }
      }),
    );
  }

  private async tidyPool({ folder }: StoragePool): Promise<void> {
    await folder.forgetMissing();
    const names = await readdir(folder.workshop);
    const unfinished = names.filter((name) => folder.isUnfinished(name));
    for (const name of unfinished) {
      const path = join(folder.workshop, name);
      try {
        const user = this.user('the start of the program');
        const file = await openLocked(path, this.locks, { readOnly: false, user, follow: false });
        await removeDiskFile(path);
        await file.close();
      } catch (error) {
        // Another program is at it.
        if (!(error instanceof DomusError)) throw error;
      }
    }
  }
}
