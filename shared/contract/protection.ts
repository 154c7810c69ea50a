/** Continuous protection of a domain: its standby, and how its checkpoints go. */
import { z } from 'zod';
import { DomainRef, Name } from './basics.ts';

/** The figures are of about the last second. */
export const Protection = z.object({
  /** Where its standby is. */
  host: z.string(),
  /** Between the beginnings of two checkpoints, ms, where the link carries so many. */
  intervalMs: z.number(),
  sinceMs: z.number(),
  checkpoints: z.int(),
  checkpointsPerSecond: z.number(),
  /** The standby has the state of this moment, or of a later one. */
  lastCheckpointAtMs: z.number(),
  /** How long the domain stands still for each. */
  stoppedMs: z.number(),
  /** From the moment that a checkpoint shows until the standby has it. */
  acknowledgedAfterMs: z.number(),
  pagesPerCheckpoint: z.int(),
  bytesPerCheckpoint: z.int(),
});
export type Protection = z.infer<typeof Protection>;

/** What the task of a failover gives. */
export const FailoverReport = z.object({
  from: z.string(),
  to: z.string(),
  /** From the moment that the end of its worker was known to its next instruction. */
  failoverMs: z.number(),
});
export type FailoverReport = z.infer<typeof FailoverReport>;

export const ProtectDomain = DomainRef.extend({
  host: Name,
  /** Default {@link DEFAULT_CHECKPOINT_INTERVAL_MS}. */
  intervalMs: z.int().min(10).max(10_000).optional(),
});
export type ProtectDomain = z.infer<typeof ProtectDomain>;

export const DEFAULT_CHECKPOINT_INTERVAL_MS = 50;
