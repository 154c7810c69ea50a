/** One program a home folder. */
import { DomusError } from '../../shared/errors.ts';
import { readDaemonInfo } from './daemon-info.ts';
import { ProcessLock } from './files/process-lock.ts';
import type { Home } from './home.ts';

/**
 * Takes the home for this program until it ends or releases it. Error `home.in-use`, with the pid
 * and the address of the program that has it where it left them.
 */
export function lockHome(home: Home): ProcessLock {
  const lock = ProcessLock.tryAcquire(home.lock);
  if (lock) return lock;
  const other = readDaemonInfo(home);
  const who = other ? `process ${other.pid}, which answers at ${other.url}` : 'another program';
  throw new DomusError(
    'home.in-use',
    `The home folder ${home.folder} is in use by ${who}. Use that one, stop it, or choose another folder with --home.`,
    { data: { home: home.folder, pid: other?.pid ?? null, url: other?.url ?? null } },
  );
}
