/** The file or block device under a disk: found, opened, made. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';

export interface OpenedFile {
  fd: number;
  /** What it is, whatever it is called: the same for all its names. */
  key: string;
  /** Of a file; null of a device. */
  bytes: number | null;
}

/** The path without symbolic links. Errors `disk.bad-path`, `disk.no-file`. */
export function realDiskPath(path: string): string {
  requireAbsolute(path);
  try {
    return realpathSync(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/**
 * Opens a regular file or a block device; the descriptor is the caller's. `follow`: symbolic links
 * are. Errors `disk.no-file`, `disk.not-a-disk`, `disk.not-allowed`, `disk.unusable`.
 */
export function openDiskFile(path: string, readOnly: boolean, follow = true): OpenedFile {
  let fd: number;
  try {
    fd = openSync(path, flagsFor(readOnly, follow));
  } catch (error) {
    throw unusable(path, error);
  }
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isFile()) return { fd, key: keyOf(stat), bytes: Number(stat.size) };
  if (stat.isBlockDevice()) return { fd, key: keyOf(stat), bytes: null };
  closeSync(fd);
  throw notADisk(path);
}

/**
 * To look into a file that is no link, where the folder may not answer; what it is, the caller has
 * looked at. Errors as {@link openDiskFile}.
 */
export async function openToLook(path: string): Promise<FileHandle> {
  try {
    return await open(path, flagsFor(true, false));
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Whether a file that was opened is still what has its name. */
export function isStillThere(path: string, { key }: OpenedFile): boolean {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat !== undefined && keyOf(stat) === key;
}

/**
 * Makes an empty file, open for writing; the descriptor is the caller's. Errors `disk.file-exists`,
 * `disk.no-file` (its folder is not there), `disk.not-allowed`, `disk.unusable`.
 */
export function createDiskFile(path: string): OpenedFile {
  try {
    const fd = openSync(path, 'wx+', 0o600);
    return { fd, key: keyOf(fstatSync(fd, { bigint: true })), bytes: 0 };
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Where a file can be made: its path without symbolic links. Errors as {@link createDiskFile}. */
export function newDiskPath(path: string): string {
  requireAbsolute(path);
  try {
    const real = join(realpathSync(dirname(path)), basename(path));
    if (!lstatSync(real, { throwIfNoEntry: false })) return real;
  } catch (error) {
    throw unusable(path, error);
  }
  throw unusable(path, Object.assign(new Error('it is there'), { code: 'EEXIST' }));
}

/** Takes back what {@link createDiskFile} made. */
export function removeDiskFile(path: string): void {
  rmSync(path, { force: true });
}

/** What is no file may wait for a peer when it is opened. */
function flagsFor(readOnly: boolean, follow: boolean): number {
  const { O_RDONLY, O_RDWR, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
  return (readOnly ? O_RDONLY : O_RDWR) | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW);
}

function keyOf(stat: BigIntStats): string {
  return stat.isBlockDevice() ? `device.${stat.rdev}` : `${stat.dev}.${stat.ino}`;
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
