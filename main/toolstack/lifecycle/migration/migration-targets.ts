/** Where a domain can go, said before it is dropped there. */
import type { MigrationTarget } from '../../../../shared/contract/index.ts';
import type { ManagedDomain } from '../../domains/managed-domain.ts';
import type { SiteHost } from '../../hosts/site-host.ts';
import type { SiteParts } from '../../site-parts.ts';
import { planCopies, unseenDisks, whyNotCopied } from '../../storage/plan-copies.ts';

/** Of a guest that does little: its last pages and the state of its devices. */
const LEFT_BYTES = 400 << 10;
/** Stopping, checking and starting, whatever the size. */
const FIXED_MS = 20;

/** Every host, whether it can take the domain, why not, and how long the domain would stand still. */
export async function migrationTargets(
  parts: SiteParts,
  domain: ManagedDomain,
): Promise<MigrationTarget[]> {
  const pages = domain.running?.counters.frames ?? 0;
  const targets: MigrationTarget[] = [];
  for (const host of parts.hosts.all()) {
    const refusal = whyNot(parts, domain, host);
    const disks = await disksTo(parts, domain, host, refusal);
    const { reason, diskBytes, diskPool } = disks;
    targets.push({
      host: host.name,
      possible: reason === null,
      reason,
      pages,
      diskBytes,
      diskPool,
      estimatedStopMs: estimateStopMs(domain, host),
    });
  }
  return targets;
}

/** What of its disks would be copied, and to where; and why it cannot go, if it cannot. */
async function disksTo(
  { storage }: SiteParts,
  { definition }: ManagedDomain,
  { name }: SiteHost,
  reason: string | null,
): Promise<Pick<MigrationTarget, 'reason' | 'diskBytes' | 'diskPool'>> {
  const none = { reason, diskBytes: 0, diskPool: null };
  const unseen = unseenDisks(storage, definition.disks, name);
  if (reason !== null || unseen.length === 0) return none;
  try {
    const plans = await planCopies(storage, unseen, name);
    const diskBytes = plans.reduce((sum, { bytes }) => sum + bytes, 0);
    return { reason, diskBytes, diskPool: plans[0]?.pool.name ?? null };
  } catch (error) {
    return { ...none, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A sentence, or null when it can go there. */
export function whyNot(parts: SiteParts, domain: ManagedDomain, host: SiteHost): string | null {
  const run = domain.running;
  if (domain.life.state === 'migrating') return onItsWay(domain.name, domain.life.target);
  if (host.name === (run?.host.name ?? domain.definition.host)) {
    return `${domain.name} is on ${host.name} already`;
  }
  if (domain.operation) return `${domain.name} is being ${domain.operation.participle}`;
  if (!run || domain.state !== 'running') {
    return `${domain.name} is ${domain.state}; only a running domain can be moved`;
  }
  if (domain.protection) {
    return `${domain.name} is protected on ${domain.protection.standby.name}; end that first`;
  }
  if (!host.isUp) return `${host.name} is down`;
  return (
    whyNotCopied(
      parts.storage,
      unseenDisks(parts.storage, domain.definition.disks, host.name),
      host.name,
    ) ?? host.ledger.refusal(Math.max(run.actualKiB, run.targetKiB))
  );
}

function onItsWay(name: string, target: string): string {
  return `${name} is on its way to ${target}; wait until it is there, or cancel that move`;
}

/**
 * What is left when it is stopped crosses the slower of the two links while it stands still. More is
 * left of a guest that writes faster than that link carries.
 */
function estimateStopMs(domain: ManagedDomain, target: SiteHost): number {
  const source = domain.running?.host.definition ?? target.definition;
  const bandwidth = Math.min(
    source.bandwidthBytesPerSecond,
    target.definition.bandwidthBytesPerSecond,
  );
  return Math.round(FIXED_MS + (LEFT_BYTES / bandwidth) * 1000 + target.definition.latencyMs);
}
