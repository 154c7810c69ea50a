/** Files that become volumes, are replaced, and go away. */
import { rename, rm } from 'node:fs/promises';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { isThere, removeDiskFile } from '../disks/disk-file.ts';
import { openLocked } from '../disks/locked-file.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import { makeFolderStable } from '../files/atomic-file.ts';
import { WRITE_PATIENCE_MS } from '../files/folder-turns.ts';
import { unknown } from './open-volume.ts';
import type { StoragePool } from './pool-registry.ts';
import type { Storage } from './storage.ts';

/** Locks a volume's file against everybody. Errors `disk.in-use`, `volume.unknown`, `pool.unavailable`. */
export async function takeVolume(
  storage: Storage,
  pool: StoragePool,
  volume: string,
  what: string,
): Promise<LockedFile> {
  const file = await takeIfThere(storage, pool, volume, what);
  if (file) return file;
  throw unknown(pool, volume);
}

/** As {@link takeVolume}; null where there is none. */
export function takeIfThere(
  storage: Storage,
  { name, folder }: StoragePool,
  volume: string,
  what: string,
): Promise<LockedFile | null> {
  const path = folder.at(volume);
  const options = { readOnly: false, user: storage.user(what), label: `${name}/${volume}` };
  return folder.turns.take(
    async () =>
      (await isThere(path)) ? openLocked(path, storage.locks, { ...options, follow: false }) : null,
    (late) => late?.close(),
  );
}

/**
 * A file becomes a volume that was not there; `replaces`: or the one of that name. The caller has
 * claimed the name. Errors `volume.exists`, `storage.*`, `pool.unavailable`.
 */
export function publish(
  pool: StoragePool,
  volume: string,
  file: LockedFile,
  format: DiskFormat,
  replaces = false,
): Promise<void> {
  const { folder } = pool;
  const path = folder.at(volume);
  const work = async (): Promise<void> => {
    if (!replaces && (await isThere(path))) throw exists(pool, volume);
    await folder.state(volume, format);
    await rename(file.path, path);
    await makeFolderStable(folder.path);
  };
  return folder.turns.take(work, undefined, WRITE_PATIENCE_MS);
}

/** Deletes a volume whose file the caller has locked. Errors of the system's. */
export function erase({ folder }: StoragePool, volume: string, file: LockedFile): Promise<void> {
  const work = async (): Promise<void> => {
    await rm(file.path);
    await folder.forget(volume);
    await makeFolderStable(folder.path);
  };
  return folder.turns.take(work, undefined, WRITE_PATIENCE_MS);
}

/**
 * Lets go of a file of `storage.newFile`, published or not, of which nothing is left in the workshop;
 * and then of the name that was claimed for it. Never fails.
 */
export function discard(
  { folder }: StoragePool,
  file: LockedFile | null,
  release: (() => void) | null,
): Promise<void> {
  return folder.turns.leave(async () => {
    if (file) await removeDiskFile(file.path).catch(() => undefined);
    await file?.close();
    release?.();
  });
}

/** Takes back a volume that was just made. Never fails. */
export function removeVolumeFile({ folder }: StoragePool, volume: string): Promise<void> {
  return folder.turns.leave(async () => {
    await removeDiskFile(folder.at(volume));
    await folder.forget(volume);
  });
}

/** Errors `volume.exists`, `pool.unavailable`. */
export async function requireFree(pool: StoragePool, volume: string): Promise<void> {
  if (await isVolumeThere(pool, volume)) throw exists(pool, volume);
}

/** Error `pool.unavailable`. */
export function isVolumeThere({ folder }: StoragePool, volume: string): Promise<boolean> {
  return folder.turns.take(() => isThere(folder.at(volume)));
}

function exists(pool: StoragePool, volume: string): DomusError {
  return new DomusError(
    'volume.exists',
    `There is a volume ${pool.name}/${volume} already. Choose another name, or delete that one.`,
    { data: { pool: pool.name, volume } },
  );
}
