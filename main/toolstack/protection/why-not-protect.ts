/** What speaks against a protection, and what a protection speaks against. */
import { DomusError } from '../../../shared/errors.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { SiteHost } from '../hosts/site-host.ts';
import { whyNotOn } from '../storage/open-source.ts';
import type { PoolRegistry } from '../storage/pool-registry.ts';

/** A sentence, or null when it can have its standby there. */
export function whyNotProtect(
  pools: PoolRegistry,
  domain: ManagedDomain,
  standby: SiteHost,
): string | null {
  const run = domain.running;
  if (!run || domain.state !== 'running') {
    return `it is ${domain.state}; only a running domain can be protected`;
  }
  if (domain.protection) return `it is protected on ${domain.protection.standby.name} already`;
  if (domain.operation) return `it is being ${domain.operation.participle}`;
  if (standby === run.host) return 'it runs there itself, and would be lost with its standby';
  if (!standby.isUp) return `${standby.name} is down`;
  const unseen = whyNotOn(pools, domain.definition.disks, standby.name);
  if (unseen !== null) {
    return `${unseen}: move it to a shared pool first (domus disk move ${domain.name} DISK POOL)`;
  }
  return standby.ledger.refusal(run.maximumKiB);
}

/** Error `domain.protected`. `participle`: as in "cannot be paused". */
export function requireUnprotected(domain: ManagedDomain, participle: string): void {
  const { protection, name } = domain;
  if (!protection) return;
  const standby = protection.standby.name;
  throw new DomusError(
    'domain.protected',
    `Domain ${name} is protected on ${standby}, so it cannot be ${participle}. End its protection first: domus unprotect ${name}.`,
    { data: { domain: name, standby } },
  );
}
