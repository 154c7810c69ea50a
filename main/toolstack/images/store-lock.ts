import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';

const retryMs = 200;
const sqliteBusy = 5;

/**
 * Takes a lock between processes, waiting for it as long as it takes. It is a write transaction on an
 * empty SQLite database: the operating system lets go of it when its holder dies, however it dies.
 */
export async function lockFile(
  path: string,
  options: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<Disposable> {
  await mkdir(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    for (let waited = false; !tryLock(database); waited = true) {
      if (!waited) options.onWait?.();
      await delay(retryMs, undefined, options.signal ? { signal: options.signal } : {});
    }
  } catch (error) {
    database.close();
    options.signal?.throwIfAborted();
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === sqliteBusy) return false;
    throw error;
  }
}
