/**
 * What is in a pool: its volumes as they are now, each measured by an I/O worker. All of it is one turn
 * of the pool's folder.
 */
import type { BigIntStats } from 'node:fs';
import { lstat, readdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VolumeName } from '../../../shared/contract/index.ts';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { openToLook } from '../disks/disk-file.ts';
import type { IoLink } from '../disks/io-link.ts';
import { LIST_PATIENCE_MS } from '../files/folder-turns.ts';
import { within } from '../streams/waiting.ts';
import { backingVolume } from './backing.ts';
import { fileStamp } from './pool-folder.ts';
import type { PoolFolder } from './pool-folder.ts';
import { silent, unavailable } from './pool-registry.ts';
import type { StoragePool } from './pool-registry.ts';

export interface FoundVolume {
  name: string;
  format: DiskFormat;
  /** Virtual size; null of one with a fault. */
  bytes: number | null;
  allocatedBytes: number;
  /** The volume beneath, in the same pool. */
  over: string | null;
  fault: string | null;
}

export interface PoolLook {
  /** By name. */
  volumes: FoundVolume[];
  /** Of the file system that it lies on. */
  capacityBytes: number;
  freeBytes: number;
}

interface Measured extends Pick<FoundVolume, 'format' | 'bytes' | 'over' | 'fault'> {
  /** Of the file, and of what was said of it, when it was measured. */
  stamp: string;
}

export class PoolContents {
  private readonly jobs: () => IoLink;
  /** By path. */
  private readonly measured = new Map<string, Measured>();
  /** Those whose turn has not come. */
  private readonly next = new Map<PoolFolder, Promise<PoolLook>>();

  /** `jobs`: the worker that looks into files. */
  constructor(jobs: () => IoLink) {
    this.jobs = jobs;
  }

  /** As it is from now on. Error `pool.unavailable`, also when the folder does not answer. */
  look(pool: StoragePool): Promise<PoolLook> {
    const { folder } = pool;
    const known = this.next.get(folder);
    if (known) return known;
    let isBegun = false;
    // Who comes while it is under way shares the one after it.
    const look = folder.turns.take(() => {
      isBegun = true;
      this.next.delete(folder);
      return this.readPool(pool);
    });
    if (!isBegun) this.next.set(folder, look);
    look.catch(() => {
      if (this.next.get(folder) === look) this.next.delete(folder);
    });
    return look;
  }

  /** As {@link look}, for who shows others beside it: what takes its time there is not waited for. */
  lookSoon(pool: StoragePool): Promise<PoolLook> {
    return within(this.look(pool), LIST_PATIENCE_MS, () => silent(pool));
  }

  /** Names of the overlays that a volume is beneath of. Error `pool.unavailable`. */
  async overlaysOver(pool: StoragePool, volume: string): Promise<string[]> {
    const { volumes } = await this.look(pool);
    return volumes.filter(({ over }) => over === volume).map(({ name }) => name);
  }

  private async readPool(pool: StoragePool): Promise<PoolLook> {
    if (!(await pool.folder.isReady())) throw unavailable(pool);
    const found: FoundVolume[] = [];
    for (const name of await readdir(pool.path)) {
      const volume = VolumeName.safeParse(name).success ? await this.find(pool, name) : null;
      if (volume) found.push(volume);
    }
    this.forgetOthers(pool, found);
    const { blocks, bavail, bsize } = await statfs(pool.path);
    return {
      volumes: found
        .map((volume) => withBacking(volume, found))
        .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
      capacityBytes: blocks * bsize,
      freeBytes: bavail * bsize,
    };
  }

  private forgetOthers(pool: StoragePool, volumes: readonly FoundVolume[]): void {
    const there = new Set(volumes.map(({ name }) => pool.folder.at(name)));
    for (const path of this.measured.keys()) {
      if (dirname(path) === pool.path && !there.has(path)) this.measured.delete(path);
    }
  }

  private async find(pool: StoragePool, name: string): Promise<FoundVolume | null> {
    const path = pool.folder.at(name);
    let stat: BigIntStats;
    try {
      stat = await lstat(path, { bigint: true });
    } catch {
      return null; // it was deleted meanwhile
    }
    if (!stat.isFile()) return null;
    const stamp = `${fileStamp(stat)} ${await pool.folder.statementStamp(name)}`;
    const known = this.measured.get(path);
    const measured = known?.stamp === stamp ? known : await this.measure(pool, name, stamp);
    this.measured.set(path, measured);
    const { format, bytes, over, fault } = measured;
    return { name, format, bytes, allocatedBytes: Number(stat.blocks) * 512, over, fault };
  }

  private async measure(pool: StoragePool, name: string, stamp: string): Promise<Measured> {
    const label = `${pool.name}/${name}`;
    let format: DiskFormat = 'raw';
    try {
      format = await pool.folder.format(name);
      await using file = await openToLook(pool.folder.at(name));
      const { fd } = file;
      const described = await this.jobs().call('disk.describe', { file: { fd, format, label } });
      const { bytes, backing } = described;
      const over = backing && backingVolume(label, backing.name);
      return { stamp, format, bytes, over, fault: null };
    } catch (error) {
      return { stamp, format, bytes: null, over: null, fault: sentence(error) };
    }
  }
}

function withBacking(volume: FoundVolume, all: readonly FoundVolume[]): FoundVolume {
  if (volume.over === null || all.some(({ name }) => name === volume.over)) return volume;
  const fault = `what it lies over, ${volume.over}, is not in its pool`;
  return { ...volume, bytes: null, fault };
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
