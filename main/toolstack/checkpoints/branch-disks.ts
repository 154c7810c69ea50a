/** While a domain stands still: what it writes from now on goes to overlays, the store says so, it goes on. */
import { DomusError } from '../../../shared/errors.ts';
import type { Branch, NewOverlay } from '../disks/open-disks.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { goOn } from '../saving/freeze.ts';
import type { SiteParts } from '../site-parts.ts';
import { becameDisks, sourcesOf, takeBack } from './new-overlays.ts';

/**
 * It goes on in any case; answers with that moment. What fails before the store says so is undone, and
 * the overlays are gone.
 *
 * @param note what else is to be so with the disks: before the transaction, and within it
 */
export async function branchDisks(
  parts: SiteParts,
  domain: ManagedDomain,
  life: RunningDomain,
  overlays: readonly NewOverlay[],
  note: () => Promise<() => void>,
): Promise<number> {
  let branch: Branch | null = null;
  let isCommitted = false;
  try {
    branch = await life.disks.branch(overlays);
    const write = await note();
    if (life.isOver) throw ended(domain.name);
    commit(parts, domain, overlays, write);
    isCommitted = true;
    life.spec.disks = life.disks.specs;
    const atMs = await goOn(domain, life);
    branch.share();
    return atMs;
  } catch (error) {
    if (!isCommitted) {
      // Where its life ended its disks are closed already.
      await branch?.undo().catch(() => undefined);
      try {
        if (!life.isOver && domain.running === life) await goOn(domain, life);
      } finally {
        await takeBack(parts, overlays);
      }
    }
    throw error;
  }
}

function commit(
  parts: SiteParts,
  domain: ManagedDomain,
  overlays: readonly NewOverlay[],
  write: () => void,
): void {
  const disks = domain.definition.disks.map(
    (disk) => overlays.find(({ definition }) => definition.name === disk.name)?.definition ?? disk,
  );
  parts.store.transaction(() => {
    write();
    const sources = sourcesOf(overlays);
    for (const source of sources) parts.store.checkpoints.addLayer(domain.uuid, source);
    becameDisks(parts, sources);
    parts.domains.redefine(domain, { disks });
  });
}

function ended(name: string): DomusError {
  return new DomusError('domain.ended', `Domain ${name} ended meanwhile.`, {
    data: { domain: name },
  });
}
