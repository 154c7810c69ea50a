/** Pools that come and go. */
import type { AddPool } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { volumeAddress } from '../disks/disk-source.ts';
import type { SiteParts } from '../site-parts.ts';
import type { StorageParts } from './storage-parts.ts';
import type { StoragePool } from './pool-registry.ts';

/** Errors `pool.*`, `host.unknown`. */
export async function addPool(
  { storage, hosts, events }: StorageParts & Pick<SiteParts, 'hosts'>,
  asked: AddPool,
): Promise<StoragePool> {
  if (asked.kind === 'local' && asked.host === undefined) {
    throw new DomusError(
      'pool.host-missing',
      `Pool ${asked.name} is to be local, and which host sees it is not said. Name the host, or make it shared.`,
      { data: { pool: asked.name } },
    );
  }
  if (asked.kind === 'shared' && asked.host !== undefined) {
    throw new DomusError(
      'pool.not-local',
      `Pool ${asked.name} is to be shared, which all hosts see. Leave the host out, or make it local.`,
      { data: { pool: asked.name, host: asked.host } },
    );
  }
  if (asked.host !== undefined) hosts.get(asked.host);
  const pool = await storage.pools.add(asked);
  const where = pool.host === null ? 'all hosts see it' : `only ${pool.host} sees it`;
  events.add('info', 'pool.added', `Pool ${pool.name} was added: ${pool.path}; ${where}.`);
  return pool;
}

/** The folder and its volumes stay. Errors `pool.unknown`, `pool.in-use`, which names the domains. */
export function removePool({ storage, domains, events }: StorageParts, name: string): void {
  const pool = storage.pools.get(name);
  const users = domains
    .all()
    .filter(({ definition }) =>
      definition.disks.some(({ source }) => volumeAddress(source)?.pool === name),
    )
    .map((domain) => domain.name);
  if (users.length > 0) {
    throw new DomusError(
      'pool.in-use',
      `Pool ${name} has disks of ${users.join(', ')}. Detach them there, or delete the domains first.`,
      { data: { pool: name, domains: users } },
    );
  }
  storage.pools.remove(pool);
  events.add('info', 'pool.removed', `Pool ${name} was removed; ${pool.path} is left as it is.`);
}
