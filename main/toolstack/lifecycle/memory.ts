/** Balloon targets and maxima. */
import type { Domain } from '../../../shared/contract/index.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { checkMaximum, checkTarget } from '../placement/memory-rules.ts';
import type { SiteParts } from '../site-parts.ts';

/**
 * Asks a running domain's balloon for this much, and keeps it for the next start. Errors
 * `memory.too-small`, `memory.above-maximum`, `host.out-of-memory`, `domain.busy`.
 */
export async function setMemory(
  parts: SiteParts,
  domain: ManagedDomain,
  targetKiB: number,
): Promise<Domain> {
  domain.requireIdle();
  const run = domain.running;
  const maximumKiB = Math.min(run?.maximumKiB ?? Infinity, domain.definition.maxMemoryKiB);
  checkTarget(targetKiB, maximumKiB);
  if (run) await setTarget(run, domain.name, targetKiB);
  parts.domains.redefine(domain, { memoryKiB: targetKiB });
  return domain.view;
}

/**
 * The most it may have from its next start on; what the running kernel found at boot stays.
 * Errors `memory.*`: below its present memory, or beyond what a machine can have.
 */
export function setMaxMemory(parts: SiteParts, domain: ManagedDomain, maximumKiB: number): Domain {
  domain.requireIdle();
  checkMaximum(maximumKiB, domain.definition.memoryKiB);
  parts.domains.redefine(domain, { maxMemoryKiB: maximumKiB });
  return domain.view;
}

async function setTarget(run: RunningDomain, name: string, targetKiB: number): Promise<void> {
  // What it was told before counts no more, so its own growth must not be held against it.
  const before = run.targetKiB;
  run.targetKiB = Math.min(before, run.actualKiB);
  try {
    run.host.ledger.require(Math.max(0, targetKiB - run.actualKiB), name);
    run.targetKiB = targetKiB;
    await run.host.link.call('domain.setTarget', { domid: run.domid, targetKiB });
    run.spec.memoryKiB = targetKiB;
  } catch (error) {
    run.targetKiB = before;
    throw error;
  }
}
