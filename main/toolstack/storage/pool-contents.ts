/** What is in a pool: its volumes as they are now, each measured by an I/O worker. */
import { closeSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { VolumeName } from '../../../shared/contract/index.ts';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import type { DiskDescription } from '../../dom0/index.ts';
import { openDiskFile } from '../disks/disk-file.ts';
import type { IoLink } from '../disks/io-link.ts';
import { backingVolume } from './backing.ts';
import { unavailable } from './pool-registry.ts';
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

interface Measured {
  /** Of the file when it was measured. */
  stamp: string;
  bytes: number | null;
  over: string | null;
  fault: string | null;
}

export class PoolContents {
  private readonly jobs: () => IoLink;
  /** By path. */
  private readonly measured = new Map<string, Measured>();

  /** `jobs`: the worker that looks into files. */
  constructor(jobs: () => IoLink) {
    this.jobs = jobs;
  }

  /** By name. Error `pool.unavailable`. */
  async list(pool: StoragePool): Promise<FoundVolume[]> {
    if (!pool.folder.isThere) throw unavailable(pool);
    const names = (await readdir(pool.path)).filter((name) => VolumeName.safeParse(name).success);
    const found = await Promise.all(names.map((name) => this.find(pool, name)));
    const volumes = found.filter((volume) => volume !== null);
    this.forgetOthers(pool, volumes);
    return volumes
      .map((volume) => withBacking(volume, volumes))
      .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  }

  /** Names of the overlays that a volume is beneath of. Error `pool.unavailable`. */
  async overlaysOver(pool: StoragePool, volume: string): Promise<string[]> {
    return (await this.list(pool)).filter(({ over }) => over === volume).map(({ name }) => name);
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
    const allocatedBytes = Number(stat.blocks) * 512;
    let format: DiskFormat;
    try {
      format = pool.folder.format(name);
    } catch (error) {
      const fault = sentence(error);
      return { name, format: 'raw', bytes: null, allocatedBytes, over: null, fault };
    }
    const stamp = `${format} ${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
    const known = this.measured.get(path);
    const measured = known?.stamp === stamp ? known : await this.measure(pool, name, format, stamp);
    this.measured.set(path, measured);
    return {
      name,
      format,
      bytes: measured.bytes,
      allocatedBytes,
      over: measured.over,
      fault: measured.fault,
    };
  }

  private async measure(
    pool: StoragePool,
    name: string,
    format: DiskFormat,
    stamp: string,
  ): Promise<Measured> {
    const label = `${pool.name}/${name}`;
    try {
      const { fd } = openDiskFile(pool.folder.at(name), true, false);
      let description: DiskDescription;
      try {
        description = await this.jobs().call('disk.describe', { file: { fd, format, label } });
      } finally {
        closeSync(fd);
      }
      const { bytes, backing } = description;
      return { stamp, bytes, over: backing && backingVolume(label, backing.name), fault: null };
    } catch (error) {
      return { stamp, bytes: null, over: null, fault: sentence(error) };
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
