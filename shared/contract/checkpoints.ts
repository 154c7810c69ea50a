/** Saved domains, checkpoints, clones. */
import { z } from 'zod';
import { DomainRef, Name, Uuid } from './basics.ts';

/** What a console showed: text, a line a row, without the blanks at its end. */
export const Picture = z.object({
  columns: z.int().min(2).max(1000),
  rows: z.int().min(1).max(500),
  lines: z.array(z.string().max(4000)).max(500),
});
export type Picture = z.infer<typeof Picture>;

/** Of a path on the daemon's machine. */
const FilePath = z.string().min(1).max(4096);

export const SaveDomain = DomainRef.extend({
  /** Where to; else the program keeps it, and the domain's next start goes on from there. */
  file: FilePath.optional(),
  /** It goes on. Its memory fits its disks then only until it writes them: only with a file. */
  leaveRunning: z.boolean().optional(),
});
export type SaveDomain = z.infer<typeof SaveDomain>;

export const SaveReport = z.object({
  /** Null where the program keeps it. */
  file: z.string().nullable(),
  /** Of the file. */
  bytes: z.number(),
  pages: z.int(),
  /** How long it stood still; null of one that did not go on. */
  downtimeMs: z.number().nullable(),
  totalMs: z.number(),
});
export type SaveReport = z.infer<typeof SaveReport>;

export const RestoreDomain = z.object({
  file: FilePath,
  /** Else the host that it was on. */
  host: Name.optional(),
  paused: z.boolean().optional(),
  /** Though its disks were written since. */
  force: z.boolean().optional(),
});
export type RestoreDomain = z.infer<typeof RestoreDomain>;

/** A point that a domain can go back to: its memory and its disks at one instant. */
export const Checkpoint = z.object({
  id: Uuid,
  domain: Uuid,
  /** What it went on from; null of the first. */
  parent: Uuid.nullable(),
  label: z.string(),
  createdAtMs: z.number(),
  /** What its memory takes on disk. */
  bytes: z.number(),
  /** Of its disks. */
  disks: z.array(z.string()),
  picture: Picture.nullable(),
  /** The domain goes on from here. */
  isCurrent: z.boolean(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

export const CheckpointReport = SaveReport.omit({ file: true }).extend({ checkpoint: Checkpoint });
export type CheckpointReport = z.infer<typeof CheckpointReport>;

export const CreateCheckpoint = DomainRef.extend({
  /** Else the time. */
  label: z.string().trim().min(1).max(200).optional(),
});
/** By its id, the first digits of it, or its label. */
export const CheckpointRef = DomainRef.extend({ checkpoint: z.string().min(1).max(200) });
export const RevertDomain = CheckpointRef.extend({ paused: z.boolean().optional() });

export const CloneReport = z.object({
  name: z.string(),
  uuid: Uuid,
  /** How long the original stood still. */
  downtimeMs: z.number(),
  /** Until the clone answered under its own name. */
  totalMs: z.number(),
});
export type CloneReport = z.infer<typeof CloneReport>;

export const CloneDomain = DomainRef.extend({ name: Name });
export type CloneDomain = z.infer<typeof CloneDomain>;
