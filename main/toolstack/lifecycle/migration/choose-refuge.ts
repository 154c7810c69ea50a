/** Where a domain goes that has to leave its host. */
import { DomusError } from '../../../../shared/errors.ts';
import type { ManagedDomain } from '../../domains/managed-domain.ts';
import type { SiteHost } from '../../hosts/site-host.ts';
import type { SiteParts } from '../../site-parts.ts';
import { whyNotOn } from '../../storage/open-source.ts';
import { whyNot } from './migration-targets.ts';

/**
 * The host with most room of those that can take it and take new domains; `wanted` where one is named.
 * Error `placement.no-host`, which says of each why not.
 */
export function chooseRefuge(
  parts: SiteParts,
  domain: ManagedDomain,
  source: SiteHost,
  wanted: SiteHost | null,
): SiteHost {
  const candidates = wanted ? [wanted] : others(parts, source);
  const reasons = new Set<string>();
  for (const host of candidates) {
    const reason = domain.running
      ? whyNot(parts, domain, host)
      : whyNotDefined(parts, domain, host);
    if (reason === null) return host;
    reasons.add(reason);
  }
  const why =
    reasons.size > 0 ? [...reasons].join(', ') : 'there is no other host that takes domains';
  throw new DomusError('placement.no-host', why, { data: { domain: domain.name } });
}

/** Of one that does not run: whether it could ever start there. */
function whyNotDefined(
  parts: SiteParts,
  { definition: { maxMemoryKiB, disks } }: ManagedDomain,
  { name, largestKiB }: SiteHost,
): string | null {
  if (maxMemoryKiB > largestKiB) {
    return `${name} has ${largestKiB >> 10} MiB for domains, and its most is ${maxMemoryKiB >> 10} MiB`;
  }
  return whyNotOn(parts.storage.pools, disks, name);
}

/** Those with most room first. */
function others(parts: SiteParts, source: SiteHost): SiteHost[] {
  return parts.hosts
    .all()
    .filter((host) => host !== source && host.isUp && !host.isDrained)
    .sort((a, b) => b.ledger.availableKiB - a.ledger.availableKiB);
}
