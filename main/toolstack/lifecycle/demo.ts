/** The small site that a first start shows. */
import type { NewHost } from '../hosts/host-registry.ts';
import { FIRST_NETWORK } from '../networks/network-registry.ts';
import type { SiteParts } from '../site-parts.ts';
import { createDomain } from './create-domain.ts';
import type { NameClaims } from './create-domain.ts';

const HOSTS: readonly NewHost[] = ['alpha', 'beta'].map((name) => ({
  name,
  memoryMiB: 1024,
  pcpus: 2,
  bandwidthBytesPerSecond: 125_000_000,
  latencyMs: 0.2,
  lossPercent: 0,
}));

const DOMAINS = [
  { name: 'web1', host: 'alpha', memoryMiB: 128 },
  { name: 'db1', host: 'alpha', memoryMiB: 96 },
  { name: 'lab', host: 'beta', memoryMiB: 64 },
] as const;

/** Two hosts, where there is none. */
export async function demoHosts(parts: SiteParts): Promise<void> {
  if (parts.hosts.all().length > 0) return;
  for (const host of HOSTS) await parts.hosts.add(host);
}

/** Three running domains, once in the life of a home, and only in one that has none. */
export async function demoDomains(parts: SiteParts, claims: NameClaims): Promise<void> {
  if (parts.store.settings.get('demoMade') !== undefined) return;
  parts.store.settings.set('demoMade', 'yes');
  if (parts.domains.everything().length > 0) return;
  for (const { host, ...wanted } of DOMAINS) {
    if (!parts.hosts.all().some(({ name }) => name === host)) continue;
    const interfaces = parts.networks.registry.has(FIRST_NETWORK.name)
      ? [{ network: FIRST_NETWORK.name }]
      : [];
    await createDomain(parts, { ...wanted, host, interfaces }, claims);
  }
}
