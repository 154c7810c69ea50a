/** Pools as the synthetic site keeps them, and as the contract tells them. */
import type { Disk, Domain, Pool, Volume } from '../../shared/contract/index.ts';

interface PoolParts {
  readonly pools: ReadonlyMap<string, StoredPool>;
  readonly domains: ReadonlyMap<string, Domain>;
}

export interface StoredVolume extends Omit<Volume, 'usedBy'> {
  /** What was sent to it; null of one that was only made. */
  content: Buffer | null;
}

export interface StoredPool extends Omit<Pool, 'volumes'> {
  readonly volumes: Map<string, StoredVolume>;
}

/** As the contract tells them: with who uses each volume now. */
export function poolsOf(site: PoolParts): Pool[] {
  const users = usersByVolume(site);
  return [...site.pools.values()].map((pool) => ({
    ...pool,
    volumes: [...pool.volumes.values()].map(({ content: _, ...volume }) => ({
      ...volume,
      usedBy: users.get(`${pool.name}/${volume.name}`) ?? [],
    })),
  }));
}

/** Domains, and overlays as `volume POOL/VOLUME`, by `POOL/VOLUME`. */
export function usersByVolume(site: PoolParts): Map<string, string[]> {
  const users = new Map<string, string[]>();
  const add = (volume: string, user: string) => {
    users.set(volume, [...(users.get(volume) ?? []), user]);
  };
  for (const domain of site.domains.values()) {
    for (const disk of volumeDisks(domain)) add(disk.source, domain.name);
  }
  for (const pool of site.pools.values()) {
    for (const { name, over } of pool.volumes.values()) {
      if (over !== null) add(over, `volume ${pool.name}/${name}`);
    }
  }
  return users;
}

function volumeDisks(domain: Domain): Disk[] {
  return domain.disks.filter(({ source }) => !/^(\/|nbd:)/.test(source));
}
