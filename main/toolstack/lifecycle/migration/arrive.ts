/** Steps 5 and 6 of a move: the domain is the target's, whatever happens now. */
import type { MigrationReport } from '../../../../shared/contract/index.ts';
import type { DomusError } from '../../../../shared/errors.ts';
import { settleEnd } from '../end-of-life.ts';
import { tellTheTime } from '../tell-the-time.ts';
import type { Copied } from './copy-over.ts';
import { discardAt, EndedOnTheWay, forgetRecord, moveError } from './move.ts';
import type { Move } from './move.ts';

export async function arrive(move: Move, copied: Copied): Promise<MigrationReport> {
  const { parts, domain, life, target, task } = move;
  life.host = target;
  domain.definition = { ...domain.definition, host: target.name };
  task.progress(0.9, `starting on ${target.name}`);
  try {
    const { startedAtMs } = await handOver(move);
    if (life.isOver) throw new EndedOnTheWay(await life.ended);
    parts.domains.advance(domain, { step: 'migrate-ended' });
    await settleArrival(move);
    return report(move, copied, startedAtMs);
  } catch (error) {
    throw await lostOnArrival(move, error);
  }
}

/** The source has stopped: its disks and captures go on at the target, and then it does. */
async function handOver(move: Move): Promise<{ startedAtMs: number }> {
  const { parts, life, source, target, disks, interfaces } = move;
  await move.copies?.keep();
  await life.disks.moveTo(disks);
  life.spec.disks = disks;
  life.spec.interfaces = interfaces;
  const sourceLink = source.isUp ? source.link : null;
  await parts.networks.captures.moved(life.domid, sourceLink, target.link);
  return target.link.call('migration.activate', { domid: life.domid });
}

/** It runs: nothing of this is waited for by anybody but who asked for the move. */
async function settleArrival(move: Move): Promise<void> {
  const { parts, domain, life, source, target } = move;
  await discardAt(move, source, target);
  forgetRecord(move);
  tellTheTime(parts, domain, life);
  await move.copies?.finish();
  parts.events.add(
    'info',
    'domain.moved',
    `Domain ${domain.name} moved from ${source.name} to ${target.name}.`,
    { domain: domain.uuid, host: target.name },
  );
}

function report(
  { source, target, copies, startedAtMs: begunAtMs }: Move,
  { sent, received }: Copied,
  startedAtMs: number,
): MigrationReport {
  return {
    from: source.name,
    to: target.name,
    downtimeMs: Math.max(0, startedAtMs - sent.stoppedAtMs),
    totalMs: performance.now() - begunAtMs,
    bytes: sent.bytes,
    pages: received.pages,
    rounds: sent.rounds,
    stopReason: sent.stopReason,
    disks: copies?.report ?? [],
    verified: true,
  };
}

async function lostOnArrival(move: Move, cause: unknown): Promise<DomusError> {
  const { parts, domain, life, source, target } = move;
  const why = cause instanceof Error ? cause.message : String(cause);
  await discardAt(move, source);
  await discardAt(move, target);
  forgetRecord(move);
  life.end({ kind: 'crashed', reason: `it was lost on its arrival on ${target.name}: ${why}` });
  settleEnd(parts, domain, life, await life.ended);
  await life.disks.closeAll();
  await move.copies?.finish();
  return moveError(
    move,
    'migration.target-lost',
    `Domain ${domain.name} had moved to ${target.name}, which then failed: ${why}. Its definition is intact; start it again.`,
    cause,
  );
}
