/** The pools of a site: which there are, found by name or folder, added, forgotten. */
import { constants, realpathSync } from 'node:fs';
import { access, mkdir, realpath, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { AddPool } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { FolderTurns } from '../files/folder-turns.ts';
import type { PoolDefinition, PoolTable } from '../store/pool-table.ts';
import type { SettingTable } from '../store/setting-table.ts';
import { markAsPool, PoolFolder } from './pool-folder.ts';

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
  /** For folders that are to become pools. */
  folders: FolderTurns;
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
  async addDefault(): Promise<void> {
    const { settings } = this.options;
    if (settings.get('poolMade') !== undefined) return;
    if (!this.pools.has(DEFAULT_POOL)) await this.add({ name: DEFAULT_POOL, kind: 'shared' });
    settings.set('poolMade', 'yes');
  }

  /**
   * The caller has checked the host. Errors `pool.exists`, `pool.bad-path`, `pool.not-a-folder`,
   * `pool.not-allowed`, `pool.overlaps`, `disk.unreachable`: the folder does not answer.
   */
  async add(asked: AddPool): Promise<StoragePool> {
    this.requireFree(asked.name);
    const { home, folders } = this.options;
    const wanted = asked.path ?? join(home, POOLS, asked.name);
    if (!isAbsolute(wanted)) throw badPath(wanted);
    const remove = ({ made }: { made: boolean }): Promise<void> => removeEmpty(wanted, made);
    const folder = await folders
      .at(wanted)
      .take(() => this.prepared(asked.name, wanted, asked.path === undefined), remove);
    try {
      return this.insert(asked, wanted, folder.real);
    } catch (error) {
      await folders.at(wanted).leave(() => remove(folder));
      throw error;
    }
  }

  /** A folder that is there, apart from other pools', and marked. */
  private async prepared(
    name: string,
    wanted: string,
    own: boolean,
  ): Promise<{ real: string; made: boolean }> {
    const made = await makeFolder(wanted, own);
    try {
      const real = await realFolder(wanted);
      this.requireApart(name, real);
      await markAsPool(real);
      return { real, made };
    } catch (error) {
      await removeEmpty(wanted, made);
      throw error instanceof DomusError ? error : notAllowed(wanted, error);
    }
  }

  /** Others may have been added meanwhile. */
  private insert({ name, kind, host, path }: AddPool, wanted: string, real: string): StoragePool {
    this.requireFree(name);
    this.requireApart(name, real);
    const definition: PoolDefinition = {
      name,
      kind,
      host: kind === 'local' ? (host ?? null) : null,
      path: path === undefined ? relative(this.options.home, wanted) : real,
      createdAtMs: Date.now(),
    };
    this.options.table.insert(definition);
    const pool = this.pool(definition);
    this.pools.set(name, pool);
    return pool;
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
    const at = { name: definition.name, path };
    return { ...definition, path, folder: new PoolFolder(path, () => silent(at)) };
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

export function silent({ name, path }: Pick<StoragePool, 'name' | 'path'>): DomusError {
  return new DomusError(
    'pool.unavailable',
    `The folder of pool ${name} (${path}) does not answer. Look after what its file system is on; the pool then goes on by itself.`,
    { data: { pool: name, path } },
  );
}

/** Whether it was made now. */
async function makeFolder(path: string, withParent: boolean): Promise<boolean> {
  try {
    if (withParent) await mkdir(dirname(path), { mode: 0o700, recursive: true });
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw notAllowed(path, error);
  }
}

async function realFolder(path: string): Promise<string> {
  const real = await realpath(path);
  if (!(await stat(real)).isDirectory()) {
    throw new DomusError(
      'pool.not-a-folder',
      `${path} is no folder. Name the folder that is to hold the volumes.`,
      { data: { path } },
    );
  }
  const { R_OK, W_OK, X_OK } = constants;
  await access(real, R_OK | W_OK | X_OK);
  return real;
}

async function removeEmpty(path: string, made: boolean): Promise<void> {
  if (!made) return;
  try {
    await rmdir(path);
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
