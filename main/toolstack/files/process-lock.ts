/**
 * A lock between processes (and threads) that the operating system gives back when its holder
 * dies, however it dies: an exclusive transaction on a database of its own. So no stale lock can
 * exist, and no process id has to be believed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { storageError } from './atomic-file.ts';

const SQLITE_BUSY = 5;
const POLL_MS = 250;

export class ProcessLock {
  private readonly database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** The lock, or null while somebody else holds it. Error `storage.failed`. */
  static tryAcquire(path: string): ProcessLock | null {
    return ProcessLock.try(path, 'BEGIN EXCLUSIVE');
  }

  /** The same, with others who share it; null while somebody has it for himself. */
  static tryShare(path: string): ProcessLock | null {
    return ProcessLock.try(path, 'BEGIN; SELECT 1 FROM sqlite_schema');
  }

  private static try(path: string, begin: string): ProcessLock | null {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: 0 });
      database.exec(begin);
      return new ProcessLock(database);
    } catch (error) {
      database?.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
      throw storageError(path, error);
    }
  }

  /** Waits for the lock; `onWait` is called once if there is somebody to wait for. */
  static async acquire(
    path: string,
    signal: AbortSignal,
    onWait: () => void = () => {},
  ): Promise<ProcessLock> {
    for (let turn = 0; ; turn++) {
      const lock = ProcessLock.tryAcquire(path);
      if (lock) return lock;
      if (turn === 0) onWait();
      await sleep(POLL_MS, undefined, { signal });
    }
  }

  release(): void {
    if (this.database.isOpen) this.database.close();
  }
}
