/** Files that are there whole or not at all, whenever the process is killed. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { isNoSpace } from '../../../shared/no-space.ts';

const SQLITE_FULL = 13;

let counter = 0;

/**
 * Writes `parts` one after the other beside `path`, syncs them, and renames them over it.
 * Errors: `storage.no-space`, `storage.failed`; then `path` is what it was.
 */
export function writeAtomically(
  path: string,
  parts: readonly Uint8Array[],
  mode: number = 0o600,
): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${counter++}.tmp`);
  try {
    const fd = openSync(temporary, 'wx', mode);
    try {
      for (const part of parts) writeAll(fd, part);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storageError(path, error);
  }
}

/** As {@link writeAtomically}, where the folder may not answer. */
export async function replaceAtomically(path: string, content: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${counter++}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await makeFolderStable(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw storageError(path, error);
  }
}

/** What a failing disk means to a person. */
export function storageError(path: string, error: unknown): DomusError {
  const { errcode, message } = error as NodeJS.ErrnoException & { errcode?: number };
  if (isNoSpace(error) || errcode === SQLITE_FULL) {
    return new DomusError(
      'storage.no-space',
      `There is no space left for ${path}. Free some space, or choose another folder, and try again.`,
      { data: { path }, cause: error },
    );
  }
  return new DomusError('storage.failed', `${path} cannot be written: ${message}`, {
    data: { path },
    cause: error,
  });
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** The rename itself is durable only once its folder is; Windows cannot sync one, nor needs it. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** As {@link syncFolder}, where it may not answer. */
export async function makeFolderStable(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
