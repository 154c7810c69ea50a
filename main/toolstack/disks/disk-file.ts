/**
 * The file or block device under a disk: found, opened, made. Its folder may not answer: nothing here
 * stands in the thread, and callers take turns (`../files/folder-turns.ts`).
 */
import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open, realpath, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';

export interface OpenedFile {
  /** The caller's to close. */
  handle: FileHandle;
  /** What it is, whatever it is called: the same for all its names. */
  key: string;
  /** What it lies on: who waits for one waits for all of the same. */
  medium: string;
  /** Of a file; null of a device. */
  bytes: number | null;
}

/** The path without symbolic links. Errors `disk.bad-path`, `disk.no-file`. */
export async function realDiskPath(path: string): Promise<string> {
  requireAbsolute(path);
  try {
    return await realpath(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/**
 * Opens a regular file or a block device. `follow`: symbolic links are. Errors `disk.no-file`,
 * `disk.not-a-disk`, `disk.not-allowed`, `disk.unusable`.
 */
export async function openDiskFile(
  path: string,
  readOnly: boolean,
  follow = true,
): Promise<OpenedFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, flagsFor(readOnly, follow));
  } catch (error) {
    throw unusable(path, error);
  }
  const stats = await statOf(handle);
  const opened = { handle, key: keyOf(stats), medium: mediumOf(stats) };
  if (stats.isFile()) return { ...opened, bytes: Number(stats.size) };
  if (stats.isBlockDevice()) return { ...opened, bytes: null };
  await handle.close();
  throw notADisk(path);
}

/** To look into a file that is no link; what it is, the caller has looked at. Errors as {@link openDiskFile}. */
export async function openToLook(path: string): Promise<FileHandle> {
  try {
    return await open(path, flagsFor(true, false));
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Whether a file that was opened is still what has its name. */
export async function isStillThere(path: string, { key }: OpenedFile): Promise<boolean> {
  try {
    return keyOf(await stat(path, { bigint: true })) === key;
  } catch (error) {
    if (isMissing(error)) return false;
    throw unusable(path, error);
  }
}

/** Whether something has this name, be it a link. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw unusable(path, error);
  }
}

/**
 * Makes an empty file, open for writing. Errors `disk.file-exists`, `disk.no-file` (its folder is not
 * there), `disk.not-allowed`, `disk.unusable`.
 */
export async function createDiskFile(path: string): Promise<OpenedFile> {
  try {
    const handle = await open(path, 'wx+', 0o600);
    const stats = await statOf(handle);
    return { handle, key: keyOf(stats), medium: mediumOf(stats), bytes: 0 };
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Where a file can be made: its path without symbolic links. Errors as {@link createDiskFile}. */
export async function newDiskPath(path: string): Promise<string> {
  requireAbsolute(path);
  let real: string;
  try {
    real = join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    throw unusable(path, error);
  }
  if (!(await isThere(real))) return real;
  throw unusable(path, Object.assign(new Error('it is there'), { code: 'EEXIST' }));
}

/** Takes back what {@link createDiskFile} made. */
export async function removeDiskFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

async function statOf(handle: FileHandle): Promise<BigIntStats> {
  try {
    return await handle.stat({ bigint: true });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What is no file may wait for a peer when it is opened. */
function flagsFor(readOnly: boolean, follow: boolean): number {
  const { O_RDONLY, O_RDWR, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
  return (readOnly ? O_RDONLY : O_RDWR) | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW);
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function keyOf(stat: BigIntStats): string {
  return stat.isBlockDevice() ? `device.${stat.rdev}` : `${stat.dev}.${stat.ino}`;
}

function mediumOf(stat: BigIntStats): string {
  return stat.isBlockDevice() ? 'devices' : `file system ${stat.dev}`;
}

function requireAbsolute(path: string): void {
  if (isAbsolute(path) && !path.includes('\0')) return;
  throw new DomusError(
    'disk.bad-path',
    `${JSON.stringify(path)} is no absolute path. Say where the disk's file is from the root on.`,
    { data: { path } },
  );
}

function notADisk(path: string): DomusError {
  return new DomusError(
    'disk.not-a-disk',
    `${path} is neither a file nor a block device. Name the file that holds the disk's content.`,
    { data: { path } },
  );
}

function unusable(path: string, cause: unknown): DomusError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const options = { data: { path, errno: code ?? null }, cause };
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new DomusError(
        'disk.no-file',
        `There is no ${path}. Check the path; a size makes a new file, in a folder that is there.`,
        options,
      );
    case 'EEXIST':
      return new DomusError(
        'disk.file-exists',
        `There is a file ${path} already, so it is not made anew. Leave the size out to use it, or choose another path.`,
        options,
      );
    case 'EISDIR':
    case 'ELOOP':
    case 'ENXIO':
      return notADisk(path);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new DomusError(
        'disk.not-allowed',
        `${path} may not be used so (${message}). Change its permissions, or attach it read-only.`,
        options,
      );
    case 'EFBIG':
    case 'ENOSPC':
    case 'EDQUOT':
      return new DomusError(
        'disk.no-space',
        `A disk of that size does not fit where ${path} lies (${message}). Choose a smaller size or another folder.`,
        options,
      );
    default:
      return new DomusError('disk.unusable', `${path} cannot be used: ${message}`, options);
  }
}
