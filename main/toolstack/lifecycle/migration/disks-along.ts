/** Disks of a domain on its way that its new host does not see: they are copied to where it does (ADR 15). */
import { DiskCopies } from '../../storage/disk-copies.ts';
import { planCopies, unseenDisks } from '../../storage/plan-copies.ts';
import { guarded } from './move.ts';
import type { Move } from './move.ts';

/** Of the slower link; guests and the domain's memory have the rest. */
const SHARE = 0.5;
/** Of the task's progress: what they take up. */
const PART = 0.2;

/**
 * Before memory goes: settles when all are the same as their originals, and what the guest writes goes
 * to both. Errors `disk.*`, `volume.*`, `pool.*`.
 */
export async function copyDisks(move: Move): Promise<void> {
  const { parts, domain, life, target, task, options } = move;
  const unseen = unseenDisks(parts.storage, domain.definition.disks, target.name);
  if (unseen.length === 0) return;
  const need = Math.max(life.actualKiB, life.targetKiB);
  const release = target.ledger.reserve(need, domain.name);
  try {
    const plans = await planCopies(parts.storage, unseen, target.name, options.pool);
    move.copies = new DiskCopies(parts, plans, `domain ${domain.name}`, {
      bytesPerSecond: rateFor(move),
      keepsOriginals: options.keepDisks ?? false,
    });
    const copied = move.copies.copy(life.disks, (fraction, detail) =>
      task.progress(fraction * PART, detail),
    );
    await guarded(move, Promise.race([copied, targetLost(move)]));
  } finally {
    release();
  }
}

/** The commit record; with copied disks the definition names them from this moment on. */
export function commit({ parts, domain, copies }: Move): void {
  const { store } = parts;
  if (!copies) return store.moves.commit(domain.uuid);
  const disks = copies.definitions(domain.definition.disks);
  store.moves.commit(domain.uuid, () => {
    store.domains.update({ ...domain.definition, disks });
    copies.note();
  });
  domain.definition = { ...domain.definition, disks };
}

function rateFor({ source, target, options }: Move): number {
  const links = [source, target].map(({ definition }) => definition.bandwidthBytesPerSecond);
  const most = options.maxRateBytesPerSecond ?? Infinity;
  return Math.min(most, SHARE * Math.min(...links));
}

/** Nothing of the copy passes through the target: without this it would be copied for nobody. */
async function targetLost({ target }: Move): Promise<never> {
  const reason = await target.link.exited;
  throw new Error(`${target.name} is lost: ${reason}`);
}
