/**
 * The steps of a move, and where it can still be taken back.
 *
 * 1. The target reserves memory and starts a warm worker (`migration.prepare`).
 * 2. The source streams the domain while it runs, round by round, stops it when another round would
 *    gain nothing, and streams the rest; the target receives and checks it.
 * 3. Both digests are compared.
 * 4. The commit record is written: from here on the domain is the target's.
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
    copied = await copyOver(move);
    move.task.holdOn();
    parts.store.moves.commit(domain.uuid);
  } catch (error) {
    throw await undo(move, error);
  }
  return arrive(move, copied);
}
