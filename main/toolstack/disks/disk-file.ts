/** The file or block device under a disk: found, opened, made. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  realpathSync,
  rmSync,
} from 'node:fs';
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
 * Opens a regular file or a block device; the descriptor is the caller's. Errors `disk.no-file`,
 * `disk.not-a-disk`, `disk.not-allowed`, `disk.unusable`.
 */
export function openDiskFile(path: string, readOnly: boolean): OpenedFile {
  // What is no file may wait for a peer when it is opened.
  const { O_RDONLY, O_RDWR, O_NONBLOCK = 0 } = constants;
  let fd: number;
  try {
    fd = openSync(path, (readOnly ? O_RDONLY : O_RDWR) | O_NONBLOCK);
  } catch (error) {
    throw unusable(path, error);
  }
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isFile()) return { fd, key: `${stat.dev}.${stat.ino}`, bytes: Number(stat.size) };
  if (stat.isBlockDevice()) return { fd, key: `device.${stat.rdev}`, bytes: null };
  closeSync(fd);
  throw notADisk(path);
}

/**
 * Makes a file full of zeros that take no room, and answers with its real path. Errors
 * `disk.file-exists`, `disk.no-file` (its folder is not there), `disk.not-allowed`, `disk.unusable`.
 */
export function createDiskFile(path: string, bytes: number): string {
  requireAbsolute(path);
  let real: string;
  let fd: number;
  try {
    real = join(realpathSync(dirname(path)), basename(path));
    fd = openSync(real, 'wx', 0o600);
  } catch (error) {
    throw unusable(path, error);
  }
  try {
    ftruncateSync(fd, bytes);
    fsyncSync(fd);
  } catch (error) {
    removeDiskFile(real);
    throw unusable(path, error);
  } finally {
    closeSync(fd);
  }
  return real;
}

/** Takes back what {@link createDiskFile} made. */
export function removeDiskFile(path: string): void {
  rmSync(path, { force: true });
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
