/** Moves of domains from host to host: what they cost beforehand, while they go on, and afterwards. */
import { z } from 'zod';
import { Name, Uuid } from './basics.ts';

/** How a domain may be moved. */
export const MoveOptions = z.object({
  /** What the move takes of the source's link at least, bytes a second; else half of it. */
  minRateBytesPerSecond: z.number().min(1000).max(1e11).optional(),
  /** … and at most; else all of it. */
  maxRateBytesPerSecond: z.number().min(1000).max(1e11).optional(),
  /** A guest that writes faster than the link carries is slowed down for the time of the move. */
  autoConverge: z.boolean().optional(),
  /** How long it may stand still. What cannot be done within that fails, and the domain stays. */
  maxDowntimeMs: z.number().min(1).max(3_600_000).optional(),
  /** What cannot be done within `maxDowntimeMs` is done with a longer stop, told before it. */
  allowLongerStop: z.boolean().optional(),
  /** Where its disks go that the target does not see: a pool that it sees; else one of its own. */
  pool: Name.optional(),
  /** The volumes that they leave are not deleted. */
  keepDisks: z.boolean().optional(),
});
export type MoveOptions = z.infer<typeof MoveOptions>;

/** One round of a move: what was sent while the domain ran, and what it wrote meanwhile. */
export const MigrationRound = z.object({
  /** From 1. */
  number: z.int(),
  pages: z.int(),
  bytes: z.number(),
  ms: z.number(),
  /** Pages that the guest wrote meanwhile. */
  dirtied: z.int(),
  /** Bytes a second that the round was allowed. */
  rate: z.number(),
  /** The part of its time that was taken from the guest, so that it wrote less: 0 to 99. */
  throttlePercent: z.number(),
  /** How long the domain would have stood still if it had been stopped after it. */
  estimatedStopMs: z.number(),
});
export type MigrationRound = z.infer<typeof MigrationRound>;

/**
 * Why there was no other round: the domain did not run; few pages were left; what was left of a guest
 * that was slowed down fitted into the stop that it may have; another round would have left as many;
 * the guest writes faster than the move may send; there were too many rounds; too much was sent.
 */
export const MigrationStop = z.enum([
  'paused',
  'few-left',
  'short-enough',
  'no-gain',
  'too-fast',
  'rounds',
  'bytes',
]);
export type MigrationStop = z.infer<typeof MigrationStop>;

/** A disk that went from one volume to another, each as `POOL/VOLUME`. */
export const CopiedDisk = z.object({
  name: z.string(),
  from: z.string(),
  to: z.string(),
  /** Written to the copy; zeros that were never anything else are not. */
  bytes: z.number(),
});
export type CopiedDisk = z.infer<typeof CopiedDisk>;

export const MigrationReport = z.object({
  from: z.string(),
  to: z.string(),
  /** From the last instruction at the source to the first at the target. */
  downtimeMs: z.number(),
  totalMs: z.number(),
  bytes: z.number(),
  pages: z.int(),
  /** Those while the domain ran; what was sent while it stood still came after. */
  rounds: z.array(MigrationRound),
  stopReason: MigrationStop,
  /** Those that were copied to where the target sees them, before its memory. */
  disks: z.array(CopiedDisk),
  /** The receiver's digest of memory and state equals the sender's. */
  verified: z.boolean(),
});
export type MigrationReport = z.infer<typeof MigrationReport>;

/** What a host was drained of. */
export const DrainReport = z.object({
  host: z.string(),
  /** `downtimeMs` is null for one that did not run. */
  moved: z.array(
    z.object({ domain: z.string(), to: z.string(), downtimeMs: z.number().nullable() }),
  ),
  /** A task that leaves some fails with these in its error's data. */
  stayed: z.array(z.object({ domain: z.string(), reason: z.string() })),
});
export type DrainReport = z.infer<typeof DrainReport>;

/** Whether a domain can move to a host, said before the drop. */
export const MigrationTarget = z.object({
  host: z.string(),
  possible: z.boolean(),
  /** Why not, as a sentence; null when possible. */
  reason: z.string().nullable(),
  pages: z.int(),
  /** Of its disks that the host does not see: copied first, while it runs. 0 where there are none. */
  diskBytes: z.number(),
  /** The pool that they would go to; null where none has to, or can. */
  diskPool: z.string().nullable(),
  estimatedStopMs: z.number(),
});
export type MigrationTarget = z.infer<typeof MigrationTarget>;

/** The round that is being sent. */
export const RoundUnderWay = z.object({
  /** From 1. */
  number: z.int(),
  /** That it sends in all. */
  pages: z.int(),
  /** Of them, until now. */
  sent: z.int(),
  bytes: z.number(),
  ms: z.number(),
  /** Bytes a second that it is allowed. */
  rate: z.number(),
  /** The part of its time that is taken from the guest: 0 to 99. */
  throttlePercent: z.number(),
});
export type RoundUnderWay = z.infer<typeof RoundUnderWay>;

export const MoveState = z.enum(['running', 'done', 'failed', 'cancelled']);
export type MoveState = z.infer<typeof MoveState>;

/** A move that goes on, or one of a domain's history. */
export const Move = z.object({
  /** That of its task. */
  id: z.string(),
  domain: Uuid,
  from: z.string(),
  to: z.string(),
  state: MoveState,
  startedAtMs: z.number(),
  endedAtMs: z.number().nullable(),
  /** Those that ended, in their order. */
  rounds: z.array(MigrationRound),
  /** Null before the first, after the last, and at the end. */
  current: RoundUnderWay.nullable(),
  /** Known before: it is going to stand still for longer than is usual. Null: it is not. */
  longStopMs: z.number().nullable(),
  /** What was measured; null unless it is done. */
  outcome: MigrationReport.omit({ from: true, to: true, rounds: true }).nullable(),
  /** Why it failed or was cancelled, and where the domain is: a sentence. */
  error: z.string().nullable(),
});
export type Move = z.infer<typeof Move>;
