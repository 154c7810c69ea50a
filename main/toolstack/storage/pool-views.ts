/** Pools as everybody sees them, told again when something changed. */
import type { Pool, Volume } from '../../../shared/contract/index.ts';
import type { DomainRegistry } from '../domains/domain-registry.ts';
import type { FoundVolume } from './pool-contents.ts';
import type { StoragePool } from './pool-registry.ts';
import type { Storage } from './storage.ts';
import { volumeUsers } from './volume-users.ts';

/** Folders change without us: a file is copied there, a NAS goes away. */
const LOOK_EVERY_MS = 3000;

export interface PoolViewsOptions {
  storage: Storage;
  domains: DomainRegistry;
  publish(pools: Pool[]): void;
  log(message: string): void;
}

export class PoolViews {
  private readonly options: PoolViewsOptions;
  private published = '';
  private users = '';
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> | null = null;
  private again = false;

  constructor(options: PoolViewsOptions) {
    this.options = options;
  }

  async all(): Promise<Pool[]> {
    const users = volumeUsers(this.options.domains);
    return Promise.all(this.options.storage.pools.all().map((pool) => this.view(pool, users)));
  }

  /** Of `POOL/VOLUME`, which is there. */
  async volume(source: string): Promise<Volume> {
    const { storage, domains } = this.options;
    const pool = storage.pools.get(source.slice(0, source.indexOf('/')));
    const { volumes } = await this.view(pool, volumeUsers(domains));
    const found = volumes.find(({ name }) => `${pool.name}/${name}` === source);
    if (!found) throw new Error(`${source} went away`);
    return found;
  }

  /** Something of pools, volumes or their users changed: tells it soon. */
  changed(): void {
    if (this.looking) {
      this.again = true;
      return;
    }
    this.looking = this.look().finally(() => {
      this.looking = null;
      if (!this.again) return;
      this.again = false;
      this.changed();
    });
  }

  /** A domain changed; most of its changes are none of ours. */
  domainChanged(): void {
    const users = JSON.stringify([...volumeUsers(this.options.domains)]);
    if (users === this.users) return;
    this.users = users;
    this.changed();
  }

  /** Looks by itself while somebody watches. */
  watch(isWatched: boolean): void {
    if (isWatched === (this.timer !== null)) return;
    if (this.timer) clearInterval(this.timer);
    this.timer = isWatched ? setInterval(() => this.changed(), LOOK_EVERY_MS).unref() : null;
  }

  /** Settles when nothing is under way. */
  async close(): Promise<void> {
    this.watch(false);
    this.again = false;
    await this.looking;
  }

  private async look(): Promise<void> {
    try {
      const pools = await this.all();
      const text = JSON.stringify(pools);
      if (text === this.published) return;
      this.published = text;
      this.options.publish(pools);
    } catch (error) {
      this.options.log(`pools could not be looked at: ${String(error)}`);
    }
  }

  private async view(pool: StoragePool, users: ReadonlyMap<string, string[]>): Promise<Pool> {
    const { name, kind, host, path } = pool;
    const empty = { name, kind, host, path, capacityBytes: null, freeBytes: null, volumes: [] };
    try {
      const look = await this.options.storage.contents.lookSoon(pool);
      const { volumes, capacityBytes, freeBytes } = look;
      return {
        ...empty,
        capacityBytes,
        freeBytes,
        fault: null,
        volumes: volumes.map((volume) => volumeView(name, volume, volumes, users)),
      };
    } catch (error) {
      return { ...empty, fault: error instanceof Error ? error.message : String(error) };
    }
  }
}

function volumeView(
  pool: string,
  { name, format, bytes, allocatedBytes, over, fault }: FoundVolume,
  all: readonly FoundVolume[],
  users: ReadonlyMap<string, string[]>,
): Volume {
  const overlays = all.filter((other) => other.over === name);
  return {
    pool,
    name,
    format,
    bytes,
    allocatedBytes,
    over: over === null ? null : `${pool}/${over}`,
    usedBy: [
      ...(users.get(`${pool}/${name}`) ?? []),
      ...overlays.map((overlay) => `volume ${pool}/${overlay.name}`),
    ],
    fault,
  };
}
