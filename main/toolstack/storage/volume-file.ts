/** Files that become volumes, are replaced, and go away. */
import { fsync, lstatSync, renameSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { openLocked } from '../disks/locked-file.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import { syncFolder } from '../files/atomic-file.ts';
import { unknown } from './open-volume.ts';
import type { StoragePool } from './pool-registry.ts';
import type { Storage } from './storage.ts';

const syncFile = promisify(fsync);

/** Locks a volume's file against everybody. Errors `disk.in-use`, `volume.unknown`. */
export function takeVolume(
  storage: Storage,
  pool: StoragePool,
  volume: string,
  what: string,
): LockedFile {
  const path = pool.folder.at(volume);
  if (!lstatSync(path, { throwIfNoEntry: false })) throw unknown(pool, volume);
  const user = storage.user(what);
  const label = `${pool.name}/${volume}`;
  return openLocked(path, storage.locks, { readOnly: false, user, label, follow: false });
}

/**
 * A file becomes a volume that was not there; `replaces`: or the one of that name. The caller has
 * claimed the name. Errors `volume.exists`, `storage.*`.
 */
export function publish(
  pool: StoragePool,
  volume: string,
  file: LockedFile,
  format: DiskFormat,
  replaces = false,
): void {
  const path = pool.folder.at(volume);
  if (!replaces) requireFree(pool, volume);
  pool.folder.state(volume, format);
  renameSync(file.path, path);
  syncFolder(pool.path);
}

/** Of `storage.newFile`, published or not: nothing of it is left in the workshop. */
export function discard(file: LockedFile): void {
  rmSync(file.path, { force: true });
  file.close();
}

/** Takes back a volume that was just made. */
export function removeVolumeFile({ folder }: StoragePool, volume: string): void {
  rmSync(folder.at(volume), { force: true });
  folder.forget(volume);
}

/** Settles when a file's bytes are stable. */
export function sync(file: LockedFile): Promise<void> {
  return syncFile(file.fd);
}

/** Error `volume.exists`. */
export function requireFree(pool: StoragePool, volume: string): void {
  if (!lstatSync(pool.folder.at(volume), { throwIfNoEntry: false })) return;
  throw new DomusError(
    'volume.exists',
    `There is a volume ${pool.name}/${volume} already. Choose another name, or delete that one.`,
    { data: { pool: pool.name, volume } },
  );
}
