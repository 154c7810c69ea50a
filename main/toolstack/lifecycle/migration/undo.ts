/** Before the commit: as if nothing had been tried. */
import { DomusError } from '../../../../shared/errors.ts';
import type { Ending } from '../../domains/running-domain.ts';
import { settleEnd } from '../end-of-life.ts';
import { discardAt, forgetRecord, moveError, UNDO_TIMEOUT_MS } from './move.ts';
import type { Move } from './move.ts';

/** Answers with what the person is told. */
export async function undo(move: Move, cause: unknown): Promise<DomusError> {
  const { parts, domain, life, source, target, task } = move;
  task.progress(null, `undoing: ${domain.name} stays on ${source.name}`);
  await discardAt(move, target);
  const ending = await sourceAfterFailure(move);
  await move.copies?.undo();
  forgetRecord(move);
  const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
  if (ending) {
    settleEnd(parts, domain, life, ending);
    const what = ending.kind === 'crashed' ? ending.reason : 'it ended';
    return moveError(
      move,
      'migration.source-lost',
      `Domain ${domain.name} was lost on ${source.name} before its move to ${target.name} was complete: ${what}. Its definition is intact; start it again.`,
      cause,
    );
  }
  parts.domains.advance(domain, { step: 'migrate-ended' });
  if (task.signal.aborted) return DomusError.from(DomusError.toData(cause));
  if (cause instanceof DomusError && cause.code === 'migration.stop-too-long') {
    return tooLong(move, cause);
  }
  return moveError(
    move,
    'migration.failed',
    `Domain ${domain.name} could not be moved to ${target.name}: ${why}. It goes on running on ${source.name}.`,
    cause,
  );
}

/** It was not stopped, because that would have taken too long. */
function tooLong(move: Move, cause: DomusError): DomusError {
  const { domain, source, target, options } = move;
  const slower = options.autoConverge ? '' : 'it be slowed down (--auto-converge), or ';
  return moveError(
    move,
    cause.code,
    `Domain ${domain.name} was not moved to ${target.name}: ${cause.message}. It goes on running on ${source.name}. Let ${slower}it stand still for longer (--max-downtime, --allow-longer-stop).`,
    cause,
  );
}

/** Null when the source runs it again; otherwise how it ended. */
async function sourceAfterFailure(move: Move): Promise<Ending | null> {
  const { life, source } = move;
  if (!life.isOver) {
    try {
      await source.link.call(
        'migration.resume',
        { domid: life.domid },
        { timeoutMs: UNDO_TIMEOUT_MS },
      );
      if (!life.isOver) return null;
    } catch (error) {
      await discardAt(move, source);
      const why = error instanceof Error ? error.message : String(error);
      life.end({ kind: 'crashed', reason: `${source.name} could not let it go on: ${why}` });
    }
  }
  return life.ended;
}
