/** A file that is open and locked, and was still the one of that name when the lock was had. */
import type { FileHandle } from 'node:fs/promises';
import { DomusError } from '../../../shared/errors.ts';
import { isStillThere, openDiskFile } from './disk-file.ts';
import type { OpenedFile } from './disk-file.ts';
import type { DiskLocks, DiskUser } from './disk-locks.ts';

/** A file that is replaced this often while it is opened is not meant to be opened. */
const MOST_TRIES = 10;

export interface LockedFile {
  readonly fd: number;
  readonly handle: FileHandle;
  readonly path: string;
  readonly key: string;
  /** As of `OpenedFile`. */
  readonly medium: string;
  /**
   * Nothing of it is written any more: others may read it too. Between the two locks nobody has it,
   * for no longer than the operating system takes. Error `disk.in-use`.
   */
  share(): void;
  /** Closes the descriptor and then gives the lock back; again, it does nothing. Never fails. */
  close(): Promise<void>;
}

export interface LockedOpening {
  readOnly: boolean;
  user: DiskUser;
  /** How errors name it; else its path. */
  label?: string;
  /** Symbolic links are followed; default true. */
  follow?: boolean;
}

/** Errors `disk.in-use`, and those of `openDiskFile`. */
export async function openLocked(
  path: string,
  locks: DiskLocks,
  options: LockedOpening,
): Promise<LockedFile> {
  const { readOnly, user, label = path, follow = true } = options;
  for (let turn = 0; turn < MOST_TRIES; turn++) {
    const file = await openDiskFile(path, readOnly, follow);
    const locked = await lock(path, file, readOnly, (shared) =>
      locks.acquire({ key: file.key, path: label }, shared, user),
    );
    // Whoever replaces or deletes a file has its lock: what is there now is there to stay.
    if (await isStillThere(path, file)) return locked;
    await locked.close();
  }
  throw new DomusError('disk.unusable', `${label} changes all the time. Try again later.`, {
    data: { path },
  });
}

/** Of a file that was just opened or made: `acquire` gets its lock, or the file is closed. */
export async function lock(
  path: string,
  { handle, key, medium }: OpenedFile,
  readOnly: boolean,
  acquire: (shared: boolean) => () => void,
): Promise<LockedFile> {
  let release: (() => void) | null;
  let isShared = readOnly;
  try {
    release = acquire(readOnly);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    fd: handle.fd,
    handle,
    path,
    key,
    medium,
    share() {
      if (!release || isShared) return;
      release();
      release = acquire(true);
      isShared = true;
    },
    async close() {
      const giveBack = release;
      if (!giveBack) return;
      release = null;
      // What a close could not write, who synced has heard of, and who did not does not ask.
      await handle.close().catch(() => undefined);
      giveBack();
    },
  };
}
