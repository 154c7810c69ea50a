/** Where a site keeps everything: one home folder, and a cache that several homes share. */
import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { DomusError } from '../../shared/errors.ts';

export interface Home {
  folder: string;
  cache: string;
  database: string;
  lock: string;
  /** `{ pid, url, token }` of the program that has this home open; see `daemon-info.ts`. */
  daemonInfo: string;
  logs: string;
  /** Captured packets. */
  captures: string;
  /** Memory of domains that are saved, and of their checkpoints. */
  states: string;
  /** Golden snapshots, shared by homes. */
  golden: string;
  /** Who uses which disk file: one folder for all homes and caches of a person. */
  diskLocks: string;
}

export interface HomeChoice {
  /** `--home` */
  home?: string | undefined;
  env?: Record<string, string | undefined>;
  platform?: NodeJS.Platform;
  userFolder?: string;
}

/**
 * `--home`, else `DOMUS_HOME`, else the platform's data folder; the cache is `DOMUS_CACHE`, else
 * the platform's. Only computes: nothing is created.
 */
export function resolveHome(choice: HomeChoice = {}): Home {
  const env = choice.env ?? process.env;
  const folder = resolve(choice.home || env['DOMUS_HOME'] || platformFolder('data', choice, env));
  const cache = resolve(env['DOMUS_CACHE'] || platformFolder('cache', choice, env));
  return {
    folder,
    cache,
    database: join(folder, 'domus.db'),
    lock: join(folder, 'lock.db'),
    daemonInfo: join(folder, 'daemon.json'),
    logs: join(folder, 'log'),
    captures: join(folder, 'captures'),
    states: join(folder, 'states'),
    golden: join(cache, 'golden'),
    diskLocks: join(platformFolder('cache', choice, env), 'disk-locks'),
  };
}

/** The socket of a host's xenstore, for Debian's xenstore-utils. */
export function xenstoreSocket(home: Home, host: string): string {
  return join(home.folder, `xenstore-${host}.sock`);
}

/** Creates the folders. Error `home.unusable` with the path and the system's reason. */
export function createHome(home: Home): void {
  for (const folder of [home.folder, home.logs, home.states, home.cache, home.golden]) {
    try {
      makeFolder(folder);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new DomusError(
        'home.unusable',
        `The folder ${folder} cannot be used: ${why}. Choose another one with --home or DOMUS_HOME.`,
        { data: { folder }, cause: error },
      );
    }
  }
}

function platformFolder(
  kind: 'data' | 'cache',
  choice: HomeChoice,
  env: Record<string, string | undefined>,
): string {
  const user = choice.userFolder ?? homedir();
  switch (choice.platform ?? process.platform) {
    case 'win32': {
      const local = env['LOCALAPPDATA'] || join(user, 'AppData', 'Local');
      return join(local, 'Domus', kind === 'data' ? 'Data' : 'Cache');
    }
    case 'darwin':
      return join(user, 'Library', kind === 'data' ? 'Application Support' : 'Caches', 'Domus');
    default: {
      // The XDG specification has relative values ignored.
      const set = kind === 'data' ? env['XDG_DATA_HOME'] : env['XDG_CACHE_HOME'];
      const fallback = kind === 'data' ? join(user, '.local', 'share') : join(user, '.cache');
      return join(set && isAbsolute(set) ? set : fallback, 'domus');
    }
  }
}

/**
 * With its parents. Node's own `recursive` never ends where the system answers "no such folder"
 * below one that is there, as `/proc` does.
 */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another program was faster.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
