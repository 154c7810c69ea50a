/** A file that is open and locked, and was still the one of that name when the lock was had. */
import { closeSync } from 'node:fs';
import { DomusError } from '../../../shared/errors.ts';
import { isStillThere, openDiskFile } from './disk-file.ts';
import type { OpenedFile } from './disk-file.ts';
import type { DiskLocks, DiskUser } from './disk-locks.ts';

/** A file that is replaced this often while it is opened is not meant to be opened. */
const MOST_TRIES = 10;

export interface LockedFile {
  readonly fd: number;
  readonly path: string;
  readonly key: string;
  /** Closes the descriptor and gives the lock back; again, it does nothing. */
  close(): void;
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
export function openLocked(path: string, locks: DiskLocks, options: LockedOpening): LockedFile {
  const { readOnly, user, label = path, follow = true } = options;
  for (let turn = 0; turn < MOST_TRIES; turn++) {
    const file = openDiskFile(path, readOnly, follow);
    const locked = lock(path, file, () =>
      locks.acquire({ key: file.key, path: label }, readOnly, user),
    );
    // Whoever replaces or deletes a file has its lock: what is there now is there to stay.
    if (isStillThere(path, file)) return locked;
    locked.close();
  }
  throw new DomusError('disk.unusable', `${label} changes all the time. Try again later.`, {
    data: { path },
  });
}

/** Of a file that was just opened or made: `acquire` gets its lock, or the file is closed. */
export function lock(path: string, file: OpenedFile, acquire: () => () => void): LockedFile {
  let release: (() => void) | null;
  try {
    release = acquire();
  } catch (error) {
    closeSync(file.fd);
    throw error;
  }
  return {
    fd: file.fd,
    path,
    key: file.key,
    close() {
      if (!release) return;
      closeSync(file.fd);
      release();
      release = null;
    },
  };
}
