/**
 * Which versions of Domus are running, over all processes that share a cache: each process holds
 * a lock of its own, in a file that is named by its version. The system gives the lock of a process
 * that died back, so a file that can be locked is a dead process's.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessLock } from '../files/process-lock.ts';

const USER_FILE = /^([0-9a-f]+)\.[0-9a-f-]+\.user$/;

export class GoldenUsers {
  private readonly folder: string;
  private readonly version: string;
  private own: { path: string; lock: ProcessLock } | null = null;

  /** `version`: as it stands in the names of snapshots. */
  constructor(folder: string, version: string) {
    this.folder = folder;
    this.version = version;
  }

  /**
   * From now on, until {@link close}, others see this version in use; where that cannot be written
   * down they do not, which may cost this version one more boot.
   */
  announce(): void {
    if (this.own) return;
    const path = join(this.folder, `${this.version}.${randomUUID()}.user`);
    try {
      const lock = ProcessLock.tryAcquire(path);
      if (lock) this.own = { path, lock };
    } catch {
      rmSync(path, { force: true });
    }
  }

  /**
   * This version, and those of other living processes. The dead ones' files are taken away.
   * Error `storage.failed`.
   */
  versionsInUse(): Set<string> {
    const versions = new Set([this.version]);
    for (const name of readdirSync(this.folder)) {
      const version = USER_FILE.exec(name)?.[1];
      const path = join(this.folder, name);
      if (version === undefined || path === this.own?.path) continue;
      const lock = ProcessLock.tryAcquire(path);
      if (!lock) versions.add(version);
      else {
        lock.release();
        for (const file of [path, `${path}-journal`]) rmSync(file, { force: true });
      }
    }
    return versions;
  }

  close(): void {
    if (!this.own) return;
    this.own.lock.release();
    rmSync(this.own.path, { force: true });
    this.own = null;
  }
}
