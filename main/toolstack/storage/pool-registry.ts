/** The pools of a site: which there are, found by name or folder, added, forgotten. */
import { accessSync, constants, mkdirSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { AddPool } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { PoolDefinition, PoolTable } from '../store/pool-table.ts';
import type { SettingTable } from '../store/setting-table.ts';
import { PoolFolder } from './pool-folder.ts';

/** Of a new home; what nobody says a pool for lies there. */
export const DEFAULT_POOL = 'default';
/** In the home. */
const POOLS = 'pools';

export interface StoragePool extends PoolDefinition {
  /** Its path is absolute. */
  readonly folder: PoolFolder;
}

export interface PoolRegistryOptions {
  table: PoolTable;
  settings: SettingTable;
  /** The folder of the site. */
  home: string;
}

export class PoolRegistry {
  private readonly options: PoolRegistryOptions;
  private readonly pools = new Map<string, StoragePool>();

  constructor(options: PoolRegistryOptions) {
    this.options = options;
    for (const definition of options.table.all())
      this.pools.set(definition.name, this.pool(definition));
  }

  /** By name. */
  all(): StoragePool[] {
    return [...this.pools.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
  }

  /** Error `pool.unknown`. */
  get(name: string): StoragePool {
    const pool = this.pools.get(name);
    if (pool) return pool;
    const known = this.all().map((one) => one.name);
    throw new DomusError(
      'pool.unknown',
      `There is no pool ${name}. ${known.length > 0 ? `Known: ${known.join(', ')}.` : 'Add one: domus pool add NAME.'}`,
      { data: { pool: name, known } },
    );
  }

  /** The pool whose folder holds a file, by the file's real path. */
  holding(path: string): StoragePool | undefined {
    return this.all().find(({ folder }) => folder.path === dirname(path));
  }

  /** In a home that has had none. Errors as {@link add}. */
  addDefault(): void {
    const { settings } = this.options;
    if (settings.get('poolMade') !== undefined) return;
    if (!this.pools.has(DEFAULT_POOL)) this.add({ name: DEFAULT_POOL, kind: 'shared' });
    settings.set('poolMade', 'yes');
  }

  /**
   * The caller has checked the host. Errors `pool.exists`, `pool.bad-path`, `pool.not-a-folder`,
   * `pool.not-allowed`, `pool.overlaps`.
   */
  add({ name, kind, host, path }: AddPool): StoragePool {
    this.requireFree(name);
    const { home, table } = this.options;
    const own = path === undefined;
    const wanted = path ?? join(home, POOLS, name);
    if (!isAbsolute(wanted)) throw badPath(wanted);
    const made = makeFolder(wanted, own);
    try {
      const real = realFolder(wanted);
      this.requireApart(name, real);
      new PoolFolder(real).prepare();
      const definition: PoolDefinition = {
        name,
        kind,
        host: kind === 'local' ? (host ?? null) : null,
        path: own ? relative(home, wanted) : real,
        createdAtMs: Date.now(),
      };
      table.insert(definition);
      const pool = this.pool(definition);
      this.pools.set(name, pool);
      return pool;
    } catch (error) {
      if (made) removeEmpty(wanted);
      throw error instanceof DomusError ? error : notAllowed(wanted, error);
    }
  }

  /** The caller has checked that nobody uses it. */
  remove(pool: StoragePool): void {
    this.options.table.remove(pool.name);
    this.pools.delete(pool.name);
  }

  private pool(definition: PoolDefinition): StoragePool {
    // That of a person's folder was resolved when it was added; to do so again would stop the start
    // of the program when the folder does not answer.
    const own = resolve(this.options.home, definition.path);
    const path = isAbsolute(definition.path) ? definition.path : realOr(own);
    return { ...definition, path, folder: new PoolFolder(path) };
  }

  private requireFree(name: string): void {
    const taken = this.all().find((pool) => pool.name.toLowerCase() === name.toLowerCase());
    if (!taken) return;
    throw new DomusError(
      'pool.exists',
      `There is a pool ${taken.name} already (${taken.path}). Choose another name.`,
      { data: { pool: taken.name } },
    );
  }

  private requireApart(name: string, path: string): void {
    const other = this.all().find((pool) => isWithin(path, pool.path) || isWithin(pool.path, path));
    if (!other) return;
    const how =
      other.path === path
        ? 'is the folder of'
        : isWithin(path, other.path)
          ? 'lies in'
          : 'contains';
    throw new DomusError(
      'pool.overlaps',
      `${path} ${how} pool ${other.name}, so it cannot be pool ${name}. Choose a folder that is apart.`,
      { data: { pool: name, path, other: other.name } },
    );
  }
}

export function unavailable({ name, path }: StoragePool): DomusError {
  return new DomusError(
    'pool.unavailable',
    `The folder of pool ${name} is not there: ${path}, or its file system is not mounted. Bring it back; the pool then goes on by itself.`,
    { data: { pool: name, path } },
  );
}

export function silent({ name, path }: StoragePool): DomusError {
  return new DomusError(
    'pool.unavailable',
    `The folder of pool ${name} (${path}) does not answer. Look after what its file system is on; the pool then goes on by itself.`,
    { data: { pool: name, path } },
  );
}

/** Whether it was made now. */
function makeFolder(path: string, withParent: boolean): boolean {
  if (statSync(path, { throwIfNoEntry: false })) return false;
  try {
    if (withParent) mkdirSync(dirname(path), { mode: 0o700, recursive: true });
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    throw notAllowed(path, error);
  }
}

function realFolder(path: string): string {
  const real = realpathSync(path);
  if (!statSync(real).isDirectory()) {
    throw new DomusError(
      'pool.not-a-folder',
      `${path} is no folder. Name the folder that is to hold the volumes.`,
      { data: { path } },
    );
  }
  const { R_OK, W_OK, X_OK } = constants;
  accessSync(real, R_OK | W_OK | X_OK);
  return real;
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Something is in it by now.
  }
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return join(realOrSame(dirname(path)), basename(path));
  }
}

function realOrSame(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function badPath(path: string): DomusError {
  return new DomusError(
    'pool.bad-path',
    `${JSON.stringify(path)} is no absolute path. Say where the folder is from the root on.`,
    { data: { path } },
  );
}

function notAllowed(path: string, cause: unknown): DomusError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DomusError(
    'pool.not-allowed',
    `${path} cannot hold a pool: ${why}. Choose a folder that you may write, whose parent is there.`,
    { data: { path }, cause },
  );
}
