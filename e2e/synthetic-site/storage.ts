/** Pools and volumes of the synthetic site: what the contract promises of them, without files. */
import type { z } from 'zod';
import type {
  AddPool,
  CloneVolume,
  CreateVolume,
  DiskFormat,
  Pool,
  Task,
  Volume,
} from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import { poolsOf, type StoredPool, type StoredVolume, usersByVolume } from './pools.ts';
import type { SyntheticSite } from './site.ts';
import { startTask } from './tasks.ts';

const MIB = 2 ** 20;
const CLONE_MS = 900;

export function addPool(site: SyntheticSite, asked: AddPool): Pool {
  if (site.pools.has(asked.name)) {
    throw new DomusError(
      'pool.name-taken',
      `There is a pool “${asked.name}” already. Choose another name.`,
    );
  }
  if (asked.kind === 'local' && asked.host === undefined) {
    throw new DomusError('pool.no-host', 'A local pool needs a host. Say which one sees it.');
  }
  site.pools.set(asked.name, {
    name: asked.name,
    kind: asked.kind,
    host: asked.kind === 'local' ? site.host(asked.host!).name : null,
    path: asked.path ?? `/home/someone/.local/share/domus/pools/${asked.name}`,
    capacityBytes: 480e9,
    freeBytes: 311e9,
    fault: null,
    volumes: new Map(),
  });
  site.publishPools();
  return poolsOf(site).find((pool) => pool.name === asked.name)!;
}

export function removePool(site: SyntheticSite, name: string): void {
  const pool = findPool(site, name);
  const users = usersByVolume(site);
  for (const volume of pool.volumes.keys()) {
    const [user] = users.get(`${name}/${volume}`) ?? [];
    if (user === undefined) continue;
    throw new DomusError(
      'pool.in-use',
      `${user} uses ${name}/${volume}. Detach that disk first, or delete the domain.`,
    );
  }
  site.pools.delete(name);
  site.publishPools();
}

export function createVolume(site: SyntheticSite, asked: CreateVolume): Volume {
  const pool = findPool(site, asked.pool);
  refuseTakenVolume(pool, asked.volume);
  const beneath = asked.over === undefined ? null : findVolume(site, asked.over);
  if (beneath === null && asked.sizeMiB === undefined) {
    throw new DomusError('volume.no-size', 'A volume needs a size, unless it lies over another.');
  }
  const format = asked.format ?? 'qcow2';
  const bytes = Math.max((asked.sizeMiB ?? 0) * MIB, beneath?.bytes ?? 0);
  pool.volumes.set(asked.volume, {
    pool: pool.name,
    name: asked.volume,
    format,
    bytes,
    allocatedBytes: format === 'qcow2' ? 196_608 : 0,
    over: asked.over ?? null,
    fault: null,
    content: null,
  });
  site.publishPools();
  return toldVolume(site, pool.name, asked.volume);
}

export function cloneVolume(site: SyntheticSite, asked: z.infer<typeof CloneVolume>): Task {
  const original = findVolume(site, `${asked.pool}/${asked.volume}`);
  const pool = findPool(site, asked.toPool ?? asked.pool);
  refuseTakenVolume(pool, asked.to);
  return startTask(site, {
    kind: 'volume-clone',
    title: `Copying ${asked.pool}/${asked.volume} to ${pool.name}/${asked.to}`,
    domain: null,
    host: null,
    durationMs: CLONE_MS,
    cancellable: true,
    finish: () => {
      pool.volumes.set(asked.to, {
        ...original,
        pool: pool.name,
        name: asked.to,
        format: asked.format ?? original.format,
        over: null,
      });
      site.publishPools();
      return { title: `Copied ${asked.pool}/${asked.volume} to ${pool.name}/${asked.to}` };
    },
  });
}

export function resizeVolume(
  site: SyntheticSite,
  asked: { pool: string; volume: string; sizeMiB: number },
): Volume {
  const volume = refuseUsed(site, asked.pool, asked.volume, 'made larger');
  const bytes = asked.sizeMiB * MIB;
  if (bytes < (volume.bytes ?? 0)) {
    throw new DomusError(
      'volume.not-larger',
      `${asked.pool}/${asked.volume} has ${(volume.bytes ?? 0) / MIB} MiB. A volume only grows.`,
    );
  }
  volume.bytes = bytes;
  site.publishPools();
  return toldVolume(site, asked.pool, asked.volume);
}

export function removeVolume(site: SyntheticSite, pool: string, name: string): void {
  refuseUsed(site, pool, name, 'deleted');
  findPool(site, pool).volumes.delete(name);
  site.publishPools();
}

/** What a `PUT` of a volume's content does. */
export function putContent(
  site: SyntheticSite,
  poolName: string,
  name: string,
  format: DiskFormat,
  content: Buffer,
): Volume {
  const pool = findPool(site, poolName);
  if (pool.volumes.has(name)) refuseUsed(site, poolName, name, 'written anew');
  pool.volumes.set(name, {
    pool: poolName,
    name,
    format,
    bytes: content.length,
    allocatedBytes: content.length,
    over: null,
    fault: null,
    content,
  });
  site.publishPools();
  return toldVolume(site, poolName, name);
}

/** A disk's size, where its source is a volume; a new one is made with it. */
export function volumeForDisk(
  site: SyntheticSite,
  source: string,
  wanted: { sizeMiB?: number | undefined; format?: DiskFormat | undefined },
): StoredVolume | null {
  const [poolName = '', name = ''] = source.split('/');
  if (source.startsWith('/') || source.startsWith('nbd://') || name === '') return null;
  if (wanted.sizeMiB !== undefined) {
    const { sizeMiB, format } = wanted;
    createVolume(site, { pool: poolName, volume: name, sizeMiB, format: format ?? 'raw' });
  }
  const volume = findVolume(site, source);
  const user = usersByVolume(site).get(source)?.[0];
  if (user === undefined) return volume;
  throw new DomusError(
    'disk.in-use',
    `${source} is a disk of ${user} already. One domain writes it at a time: choose another, or lay an overlay over it.`,
  );
}

export function findVolume(site: SyntheticSite, reference: string): StoredVolume {
  const [poolName = '', name = ''] = reference.split('/');
  const volume = findPool(site, poolName).volumes.get(name);
  if (volume !== undefined) return volume;
  throw new DomusError(
    'volume.unknown',
    `There is no volume “${name}” in ${poolName}. Look at the list for its name.`,
  );
}

function findPool(site: SyntheticSite, name: string): StoredPool {
  const pool = site.pools.get(name);
  if (pool !== undefined) return pool;
  throw new DomusError('pool.unknown', `There is no pool “${name}”. Look at the list.`);
}

function toldVolume(site: SyntheticSite, pool: string, name: string): Volume {
  const told = poolsOf(site).find((one) => one.name === pool);
  return told!.volumes.find((one) => one.name === name)!;
}

function refuseTakenVolume(pool: StoredPool, name: string): void {
  if (!pool.volumes.has(name)) return;
  throw new DomusError(
    'volume.name-taken',
    `There is a volume “${name}” in ${pool.name} already. Choose another name.`,
  );
}

function refuseUsed(site: SyntheticSite, pool: string, name: string, done: string): StoredVolume {
  const volume = findVolume(site, `${pool}/${name}`);
  const [user] = usersByVolume(site).get(`${pool}/${name}`) ?? [];
  if (user === undefined) return volume;
  throw new DomusError(
    'volume.in-use',
    `${pool}/${name} is in use by ${user}, and cannot be ${done}. Detach it there first.`,
    { data: { user } },
  );
}
