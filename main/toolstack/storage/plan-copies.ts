/** Where the disks of a domain are copied to that another host does not see. */
import { DomusError } from '../../../shared/errors.ts';
import { volumeAddress } from '../disks/disk-source.ts';
import type { VolumeAddress } from '../disks/disk-source.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import type { FoundVolume } from './pool-contents.ts';
import type { StoragePool } from './pool-registry.ts';
import type { Storage } from './storage.ts';
import { isVolumeThere } from './volume-file.ts';

const MIB = 2 ** 20;

export interface PlannedCopy {
  disk: DiskDefinition;
  from: VolumeAddress;
  pool: StoragePool;
  /** A free name in it. */
  volume: string;
  /** What the copy may take of the pool. */
  bytes: number;
}

/** The disks that lie in a pool which only another host sees. */
export function unseenDisks(
  { pools }: Pick<Storage, 'pools'>,
  disks: readonly DiskDefinition[],
  host: string,
): DiskDefinition[] {
  return disks.filter(({ source }) => {
    const address = volumeAddress(source);
    const pool = pools.all().find(({ name }) => name === address?.pool);
    return pool !== undefined && pool.host !== null && pool.host !== host;
  });
}

/** Why they cannot be copied to where `host` sees them, as far as is known at once; else null. */
export function whyNotCopied(
  { pools }: Pick<Storage, 'pools'>,
  unseen: readonly DiskDefinition[],
  host: string,
): string | null {
  const [disk] = unseen;
  if (!disk) return null;
  const others = seenBy(pools, host).filter(({ name }) =>
    unseen.every(({ source }) => volumeAddress(source)?.pool !== name),
  );
  return others.length > 0 ? null : noPlace(disk, host, 'there is no pool');
}

/**
 * A place for each of `disks` in the pool `wanted`; else in one pool that `host` sees and that has room:
 * one of its own, else a shared one. Errors `disk.no-pool`, `pool.*`, `volume.unknown`.
 */
export async function planCopies(
  storage: Storage,
  disks: readonly DiskDefinition[],
  host: string,
  wanted?: string,
): Promise<PlannedCopy[]> {
  const measured: Measured[] = [];
  for (const disk of disks) measured.push(await measure(storage, disk));
  if (measured.length === 0) return [];
  const need = measured.reduce((sum, { bytes }) => sum + bytes, 0);
  const pool =
    wanted === undefined
      ? await findPool(storage, host, measured, need)
      : await givenPool(storage, storage.pools.get(wanted), host, need);
  const taken = new Set<string>();
  const plans: PlannedCopy[] = [];
  for (const one of measured) {
    const volume = await freeName(pool, one.from.volume, taken);
    taken.add(volume);
    plans.push({ ...one, pool, volume });
  }
  return plans;
}

type Measured = Pick<PlannedCopy, 'disk' | 'from' | 'bytes'>;

/** Errors `disk.not-a-volume`, `volume.unknown`, `pool.*`. */
async function measure(storage: Storage, disk: DiskDefinition): Promise<Measured> {
  const from = volumeAddress(disk.source);
  if (!from) {
    throw new DomusError(
      'disk.not-a-volume',
      `${disk.source} is in no pool, and only volumes are copied while they are used. Import it into a pool first: domus volume upload.`,
      { data: { source: disk.source } },
    );
  }
  const { volumes } = await storage.contents.look(await storage.usable(from.pool));
  return { disk, from, bytes: allocated(volumes, from.volume) };
}

/** Of a volume and what lies beneath it; no more than what it shows. */
function allocated(volumes: readonly FoundVolume[], name: string): number {
  const shown = volumes.find((volume) => volume.name === name)?.bytes ?? 0;
  let sum = 0;
  const seen = new Set<string>();
  for (let at: string | null = name; at !== null && !seen.has(at);) {
    seen.add(at);
    const volume = volumes.find((one) => one.name === at);
    sum += volume?.allocatedBytes ?? 0;
    at = volume?.over ?? null;
  }
  return Math.min(sum, shown || sum);
}

/** Error `disk.no-pool`. */
async function findPool(
  storage: Storage,
  host: string,
  measured: readonly Measured[],
  need: number,
): Promise<StoragePool> {
  const from = new Set(measured.map((one) => one.from.pool));
  const seen = seenBy(storage.pools, host).filter(({ name }) => !from.has(name));
  for (const pool of seen) if ((await freeBytes(storage, pool)) >= need) return pool;
  const { disk } = measured[0]!;
  const which = seen.length === 0 ? 'there is no pool' : `no pool has ${mib(need)} MiB free`;
  throw new DomusError('disk.no-pool', noPlace(disk, host, which), {
    data: { source: disk.source, host, bytes: need },
  });
}

/** Its own first. */
function seenBy(pools: Storage['pools'], host: string): StoragePool[] {
  return pools
    .all()
    .filter((pool) => pool.host === null || pool.host === host)
    .sort((a, b) => Number(a.host === null) - Number(b.host === null));
}

/** `which`: "there is no pool". */
function noPlace({ name, source }: DiskDefinition, host: string, which: string): string {
  return `its disk ${name} (${source}) is in a local pool that ${host} does not see, and ${which} there that it could be copied to. Add one: domus pool add NAME --local ${host}`;
}

/** Errors `disk.no-pool`, `pool.*`. */
async function givenPool(
  storage: Storage,
  pool: StoragePool,
  host: string,
  need: number,
): Promise<StoragePool> {
  const data = { pool: pool.name, host, bytes: need };
  if (pool.host !== null && pool.host !== host) {
    const why = `pool ${pool.name} is seen by ${pool.host} only, not by ${host}. Name one of ${host}, or a shared one`;
    throw new DomusError('disk.no-pool', why, { data });
  }
  const { freeBytes: free } = await storage.contents.look(await storage.usable(pool.name));
  if (free >= need) return pool;
  const why = `pool ${pool.name} has ${mib(free)} MiB free, and ${mib(need)} MiB are to be copied there. Make room, or name another`;
  throw new DomusError('disk.no-pool', why, { data });
}

/** 0 of a pool that cannot be used now. */
async function freeBytes(storage: Storage, { name }: StoragePool): Promise<number> {
  try {
    return (await storage.contents.look(await storage.usable(name))).freeBytes;
  } catch {
    return 0;
  }
}

/** `web1.qcow2`, `web1-2.qcow2`, … */
async function freeName(
  pool: StoragePool,
  volume: string,
  taken: ReadonlySet<string>,
): Promise<string> {
  const dot = volume.lastIndexOf('.');
  const [stem, end] = dot > 0 ? [volume.slice(0, dot), volume.slice(dot)] : [volume, ''];
  for (let number = 1; ; number++) {
    const name = number === 1 ? volume : `${stem}-${number}${end}`;
    if (!taken.has(name) && !(await isVolumeThere(pool, name))) return name;
  }
}

function mib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}
