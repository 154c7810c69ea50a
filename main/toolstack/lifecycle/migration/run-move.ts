/**
 * The steps of a move, and where it can still be taken back.
 *
 * 0. Disks that the target does not see are copied to where it does, and from then on written there as
 *    well (ADR 15).
 * 1. The target reserves memory and starts a warm worker (`migration.prepare`).
 * 2. The source streams the domain while it runs, round by round, stops it when another round would
 *    gain nothing, and streams the rest; the target receives and checks it.
 * 3. Both digests are compared.
 * 4. Nothing that only one of a copied disk and its copy has is acknowledged any more; the commit record
 *    is written: from here on the domain is the target's, and the copies are its disks.
 * 5. Its disks and captures are handed over: the source has stopped and asks nothing more of them.
 * 6. The target runs it, the source forgets it.
 *
 * What fails before 4 is undone: the target forgets, the source goes on. What fails after 4 cannot
 * bring the source back. So it never runs twice.
 */
import type { MigrationReport } from '../../../../shared/contract/index.ts';
import { arrive } from './arrive.ts';
import { copyOver } from './copy-over.ts';
import type { Copied } from './copy-over.ts';
import { commit, copyDisks } from './disks-along.ts';
import type { Move } from './move.ts';
import { undo } from './undo.ts';

export async function runMove(move: Move): Promise<MigrationReport> {
  const { parts, domain, source, target } = move;
  parts.store.moves.begin({
    uuid: domain.uuid,
    source: source.name,
    target: target.name,
    startedAtMs: Date.now(),
  });
  parts.domains.advance(domain, { step: 'migrate', target: target.name });
  let copied: Copied;
  try {
    await copyDisks(move);
    copied = await copyOver(move);
    await move.copies?.bind();
    move.task.holdOn();
    commit(move);
  } catch (error) {
    throw await undo(move, error);
  }
  return arrive(move, copied);
}
