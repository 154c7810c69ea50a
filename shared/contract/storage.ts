/** Disks of domains, and the pools of volumes that hold their content. */
import { z } from 'zod';
import { DomainRef, Name } from './basics.ts';

/** As the guest names it. */
export const DiskName = z.string().regex(/^xvd[a-p]$/, 'a disk is called xvda, xvdb … to xvdp');
export const DiskFormat = z.enum(['raw', 'qcow2']);
export type DiskFormat = z.infer<typeof DiskFormat>;
/** Of a disk: up to 16 TiB. */
export const DiskMiB = z
  .int()
  .min(1)
  .max(1 << 24);

/**
 * What becomes of a guest's request that fails for what lies beneath. `pause`: it is held, and the
 * domain pauses until the cause is gone. `report`: the guest is told of an I/O error. `crash`: the
 * domain ends.
 */
export const OnDiskError = z.enum(['pause', 'report', 'crash']);
export type OnDiskError = z.infer<typeof OnDiskError>;

/**
 * Where a disk's content is: an absolute path on the daemon's machine, a volume as `POOL/VOLUME`, or
 * a network block device as `nbd://HOST:PORT/EXPORT`.
 */
export const DiskSource = z.string().min(1).max(4096);

/** A virtual disk of a domain. */
export const Disk = z.object({
  name: DiskName,
  /** As {@link DiskSource}; a path has no symbolic links. */
  source: z.string(),
  format: DiskFormat,
  readOnly: z.boolean(),
  /** Room that the guest no longer needs is given back, where the format can. */
  discard: z.boolean(),
  onError: OnDiskError,
  /** What the guest sees, when it was last open; null before the first time. */
  bytes: z.number().nullable(),
});
export type Disk = z.infer<typeof Disk>;

export const NewDisk = z.object({
  source: DiskSource,
  /** Else the first that is free. */
  name: DiskName.optional(),
  /** Else the volume's own, or by the end of the path: `.qcow2`, or raw. */
  format: DiskFormat.optional(),
  readOnly: z.boolean().optional(),
  discard: z.boolean().optional(),
  onError: OnDiskError.optional(),
  /** Makes a new file or volume of this size; raw where no format is given. */
  sizeMiB: DiskMiB.optional(),
});
export type NewDisk = z.infer<typeof NewDisk>;

export const AttachDisk = DomainRef.extend(NewDisk.shape);
export const DiskRef = DomainRef.extend({ disk: DiskName });
export const ResizeDisk = DiskRef.extend({ sizeMiB: DiskMiB });

/** One second of a disk. */
export const DiskSample = z.object({
  name: DiskName,
  readBytesPerSecond: z.number(),
  writtenBytesPerSecond: z.number(),
  readsPerSecond: z.number(),
  writesPerSecond: z.number(),
});
export type DiskSample = z.infer<typeof DiskSample>;

/** Of a file in a pool: no folders, nothing hidden. */
export const VolumeName = z
  .string()
  .min(1, 'a volume needs a name')
  .max(120, 'the name of a volume has at most 120 characters')
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    'the name of a volume has letters, digits, dots, hyphens and underscores, and starts with a letter or digit',
  );

/** Which hosts see a pool's volumes: one, or, like a NAS, all of them. */
export const PoolKind = z.enum(['local', 'shared']);
export type PoolKind = z.infer<typeof PoolKind>;

export const Volume = z.object({
  pool: z.string(),
  name: z.string(),
  format: DiskFormat,
  /** What a guest sees; null of a file that is not what it is said to be. */
  bytes: z.number().nullable(),
  /** What it takes of the machine's disk. */
  allocatedBytes: z.number(),
  /** The volume beneath, as `POOL/VOLUME`, that an overlay was made over; else null. */
  over: z.string().nullable(),
  /** Names of the domains whose disk it is, running or not; and `volume POOL/VOLUME` for overlays over it. */
  usedBy: z.array(z.string()),
  /** Why it cannot be used, as a sentence; else null. */
  fault: z.string().nullable(),
});
export type Volume = z.infer<typeof Volume>;

export const Pool = z.object({
  name: z.string(),
  kind: PoolKind,
  /** Of a local one; null of a shared one. */
  host: z.string().nullable(),
  /** The folder, on the daemon's machine. */
  path: z.string(),
  /** Of the file system that it lies on; null where it cannot be said. */
  capacityBytes: z.number().nullable(),
  freeBytes: z.number().nullable(),
  /** Why it cannot be used, as a sentence; else null. */
  fault: z.string().nullable(),
  volumes: z.array(Volume),
});
export type Pool = z.infer<typeof Pool>;

export const AddPool = z.object({
  name: Name,
  kind: PoolKind,
  /** Needed for a local one. */
  host: Name.optional(),
  /** Absolute; else a new folder in the home. One that exists keeps what is in it. */
  path: z.string().min(1).max(4096).optional(),
});
export type AddPool = z.infer<typeof AddPool>;

export const PoolRef = z.object({ pool: Name });
export const VolumeRef = z.object({ pool: Name, volume: VolumeName });
export const CreateVolume = VolumeRef.extend({
  /** Needed but for an overlay, which has at least the size of what it lies over. */
  sizeMiB: DiskMiB.optional(),
  /** Else qcow2. */
  format: DiskFormat.optional(),
  /** Makes an overlay (qcow2) over this volume, `POOL/VOLUME`, which is then only read. */
  over: z.string().min(1).max(250).optional(),
});
export type CreateVolume = z.infer<typeof CreateVolume>;
export const CloneVolume = VolumeRef.extend({
  /** The new one's pool (else the same) and name. */
  toPool: Name.optional(),
  to: VolumeName,
  /** Else that of the original. */
  format: DiskFormat.optional(),
});
export type CloneVolume = z.infer<typeof CloneVolume>;
export const ResizeVolume = VolumeRef.extend({ sizeMiB: DiskMiB });
