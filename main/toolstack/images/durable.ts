import { open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { isNoSpace } from '../../../shared/no-space.ts';

/** Writes a file that is on the disk when this returns. */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw diskError(path, error);
  }
}

/** Makes a folder whose files are on the disk appear under its final name, all or nothing. */
export async function publishDirectory(from: string, to: string): Promise<void> {
  try {
    await syncDirectory(from);
    await rename(from, to);
    await syncDirectory(dirname(to));
  } catch (error) {
    throw diskError(to, error);
  }
}

/** Directories cannot be opened for that on Windows, where a rename is journalled anyway. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** A failing disk as an error that a person can act on; other errors pass unchanged. */
export function diskError(path: string, error: unknown): unknown {
  if (isNoSpace(error)) {
    return new DomusError(
      'image.no-space',
      `There is no space left to write ${path}. Free about 100 MB there, then try again.`,
      { data: { path, retry: true }, cause: error },
    );
  }
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new DomusError(
      'image.not-writable',
      `${path} cannot be written (${code}). Give yourself write access to the cache folder, or choose another.`,
      { data: { path }, cause: error },
    );
  }
  return error;
}

/** Programs that are given too little room may wait for it without end. Error `image.no-space`. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  throw diskError(folder, Object.assign(new Error('too little room'), { code: 'ENOSPC' }));
}
