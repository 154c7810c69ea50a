/** What a person chose as a disk's content, and the disk that comes of it. */
import type { DiskFormat, NewDisk, Pool, Volume } from '../../shared/contract/schemas.ts';

export type ChoiceKind = 'new' | 'volume' | 'path' | 'nbd';

export interface DiskChoice {
  readonly kind: ChoiceKind;
  /** Of a new volume. */
  readonly pool: string;
  readonly name: string;
  readonly sizeMiB: number;
  readonly format: DiskFormat;
  /** An existing one, as `POOL/VOLUME`. */
  readonly volume: string;
  readonly path: string;
  readonly nbd: string;
}

export interface UsableVolume {
  /** `POOL/VOLUME` */
  readonly source: string;
  readonly volume: Volume;
  /** Why it cannot be chosen; null where it can. */
  readonly reason: string | null;
}

/** Pools that a host sees: shared ones and its own. `host` null: any host may be chosen. */
export function poolsOfHost(pools: readonly Pool[], host: string | null): readonly Pool[] {
  return pools.filter((pool) => host === null || pool.host === null || pool.host === host);
}

/** What can be chosen first, then the rest with its reason: one domain writes a volume, ever. */
export function usableVolumes(pools: readonly Pool[]): readonly UsableVolume[] {
  const all = pools.flatMap((pool) =>
    pool.volumes.map((volume) => ({
      source: `${pool.name}/${volume.name}`,
      volume,
      reason: whyNot(pool, volume),
    })),
  );
  return all.toSorted((a, b) => Number(a.reason !== null) - Number(b.reason !== null));
}

function whyNot(pool: Pool, volume: Volume): string | null {
  if (pool.fault !== null) return pool.fault;
  if (volume.fault !== null) return volume.fault;
  const [user] = volume.usedBy;
  return user === undefined ? null : `used by ${user}`;
}

/** `web1-data`, or the first such name that the pool does not have; with the format's ending. */
export function freeVolumeName(pool: Pool | undefined, stem: string, format: DiskFormat): string {
  const taken = new Set(pool?.volumes.map((volume) => volume.name.replace(/\.[^.]*$/, '')));
  let name = stem;
  for (let number = 2; taken.has(name); number++) name = `${stem}-${number}`;
  return `${name}.${format}`;
}

export function diskOf(choice: DiskChoice): NewDisk {
  switch (choice.kind) {
    case 'new': {
      const { pool, name, sizeMiB, format } = choice;
      return { source: `${pool}/${name}`, sizeMiB, format };
    }
    case 'volume':
      return { source: choice.volume };
    case 'path':
      return { source: choice.path.trim() };
    case 'nbd':
      return { source: choice.nbd.trim() };
  }
}
