/**
 * The shapes that cross the API. Units stand in the names: `memoryKiB`, `uptimeMs`,
 * `bandwidthBytesPerSecond`. Times are milliseconds since 1970.
 */
import { z } from 'zod';
import { DomainRef, Name, Uuid } from './basics.ts';
import { Move } from './moves.ts';
import { Interface, InterfaceSample, Networking, NewInterface } from './networks.ts';
import { Protection } from './protection.ts';
import { Disk, DiskFormat, DiskMiB, DiskSample, NewDisk, Pool } from './storage.ts';

export * from './basics.ts';
export * from './moves.ts';
export * from './checkpoints.ts';
export * from './networks.ts';
export * from './protection.ts';
export * from './storage.ts';

const KiB = z.int().min(0);
/** Of a domain. What is too little or too much depends on image and host: the toolstack says it. */
const MiB = z.int().min(0).max(1e9);
export const Percent = z.number().min(0);

/** Life of a domain. `shut-off`, `saved` and `crashed` have no worker; every other state has one. */
export const DomainState = z.enum([
  'starting', // being built, booted or cloned
  'running',
  'paused',
  'shutting-down', // asked to power off or reboot, still running
  'migrating',
  'shut-off',
  'saved', // its memory is in a file, and its next start goes on from there
  'crashed',
]);
export type DomainState = z.infer<typeof DomainState>;

export const OnShutdown = z.enum(['destroy', 'restart', 'preserve']);
export type OnShutdown = z.infer<typeof OnShutdown>;

export const MemoryState = z.object({
  /** What the guest has now, by the hypervisor's own count of its pages. */
  actualKiB: KiB,
  /** What was asked of its balloon. */
  targetKiB: KiB,
  /** The least that may be asked. */
  minimumKiB: KiB,
  /** The most it can ever have in this life: what its kernel found at boot. */
  maximumKiB: KiB,
});
export type MemoryState = z.infer<typeof MemoryState>;

export const Domain = z.object({
  uuid: Uuid,
  name: z.string(),
  /** Null while it does not run. Unique in the site for one life. */
  domid: z.int().nullable(),
  host: z.string(),
  state: DomainState,
  /** A sentence: why it crashed, was shut down in the past, or is paused though nobody asked for it. */
  reason: z.string().nullable(),
  /** True when the program ended while this domain ran: the next start offers to start it again. */
  wasRunning: z.boolean(),
  isDomain0: z.boolean(),
  image: z.string(),
  vcpus: z.int(),
  memory: MemoryState,
  onPoweroff: OnShutdown,
  onReboot: OnShutdown,
  onCrash: OnShutdown,
  createdAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  /** IPv4, of its first interface; null where it has none. */
  address: z.string().nullable(),
  disks: z.array(Disk),
  interfaces: z.array(Interface),
  /** Null while it has no standby. */
  protection: Protection.nullable(),
  /** Changes with its checkpoints; null where it has none. */
  checkpoints: z.object({ count: z.int(), current: Uuid.nullable() }).nullable(),
});
export type Domain = z.infer<typeof Domain>;

export const Host = z.object({
  name: z.string(),
  memoryKiB: KiB,
  /** Free machine frames: memory less what domain 0 and the domains hold. */
  freeKiB: KiB,
  domain0KiB: KiB,
  pcpus: z.int(),
  /** Its link: all that leaves it. */
  bandwidthBytesPerSecond: z.number(),
  /** One way. */
  latencyMs: z.number(),
  /** Of guests' frames that leave it; what is lost of a migration is sent again. */
  lossPercent: z.number(),
  state: z.enum(['up', 'down']),
  /** Its domains were moved away, and none is placed there but by who names it. */
  drained: z.boolean(),
});
export type Host = z.infer<typeof Host>;

export const TaskState = z.enum(['running', 'done', 'failed', 'cancelled']);
export type TaskState = z.infer<typeof TaskState>;

export const ErrorShape = z.object({
  code: z.string(),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
});

/** One long piece of work: shown in the task strip, kept in the history. */
export const Task = z.object({
  id: z.string(),
  /** `create`, `migrate`, `image-build`, … */
  kind: z.string(),
  /** What a person reads: "Moving web1 to beta". Past tense once it ended: "Moved web1 to beta (21 ms down)". */
  title: z.string(),
  /** The domain it is about, when it is about one. */
  domain: Uuid.nullable(),
  host: z.string().nullable(),
  state: TaskState,
  /** 0 to 1; null when unknown. */
  progress: z.number().nullable(),
  /** The step it is at: "copying memory, 38 of 64 MiB". */
  detail: z.string().nullable(),
  error: ErrorShape.nullable(),
  /** What the work gave: for `migrate` a {@link MigrationReport}, for `create` the domain. */
  result: z.unknown(),
  startedAtMs: z.number(),
  endedAtMs: z.number().nullable(),
  cancellable: z.boolean(),
  /** The procedure of `domains` that takes it back, called with `domain`: `undelete`; null when there is none. */
  undo: z.string().nullable(),
});
export type Task = z.infer<typeof Task>;

export const Image = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['built', 'imported']),
  kernelVersion: z.string(),
  cmdline: z.string(),
  /** Of all its files. */
  sizeBytes: z.number(),
  /** Of the root disk that its domains get an overlay over, as a guest sees it; null where it has none. */
  diskBytes: z.number().nullable(),
  createdAtMs: z.number(),
  /** Maximum-memory classes (MiB) for which a golden snapshot is kept: clones of these start at once. */
  goldenMiB: z.array(z.int()),
  isDefault: z.boolean(),
});
export type Image = z.infer<typeof Image>;

export const HypercallCount = z.object({ name: z.string(), perSecond: z.number() });

/** One second of a domain. */
export const DomainSample = z.object({
  uuid: Uuid,
  /** Of one pCPU. */
  cpuPercent: Percent,
  cpuTimeMs: z.number(),
  memory: MemoryState,
  hypercallsPerSecond: z.number(),
  eventsPerSecond: z.number(),
  disks: z.array(DiskSample),
  interfaces: z.array(InterfaceSample),
});
export type DomainSample = z.infer<typeof DomainSample>;

export const HostSample = z.object({
  name: z.string(),
  /** Of all its pCPUs. */
  cpuPercent: Percent,
  freeKiB: KiB,
});
export type HostSample = z.infer<typeof HostSample>;

export const StatisticsSample = z.object({
  timeMs: z.number(),
  hosts: z.array(HostSample),
  domains: z.array(DomainSample),
});
export type StatisticsSample = z.infer<typeof StatisticsSample>;

/** What the Xen tab shows of one running domain. */
export const DomainInside = z.object({
  hypercalls: z.array(HypercallCount),
  eventChannels: z.array(
    z.object({
      port: z.int(),
      type: z.enum(['unbound', 'interdomain', 'virq', 'ipi', 'pirq']),
      target: z.string(),
      pending: z.boolean(),
      masked: z.boolean(),
    }),
  ),
  grantFrames: z.int(),
  grantsInUse: z.int(),
  upcallVector: z.int().nullable(),
  runstate: z.object({
    runningMs: z.number(),
    runnableMs: z.number(),
    blockedMs: z.number(),
    offlineMs: z.number(),
  }),
  guestFaults: z.array(z.object({ what: z.string(), count: z.int() })),
});
export type DomainInside = z.infer<typeof DomainInside>;

/** Something that happened, for `events` and the window's history. */
export const SiteEvent = z.object({
  timeMs: z.number(),
  severity: z.enum(['info', 'warning', 'error']),
  /** `domain.crashed`, `host.added`, … */
  kind: z.string(),
  message: z.string(),
  domain: Uuid.nullable(),
  host: z.string().nullable(),
});
export type SiteEvent = z.infer<typeof SiteEvent>;

/** The stream behind the window: one snapshot, then changes. Never polled. */
export const SiteChange = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    hosts: z.array(Host),
    domains: z.array(Domain),
    tasks: z.array(Task),
    images: z.array(Image),
    pools: z.array(Pool),
    networking: Networking,
    /** Those under way. */
    moves: z.array(Move),
  }),
  z.object({ type: z.literal('host'), host: Host }),
  z.object({ type: z.literal('host-removed'), name: z.string() }),
  z.object({ type: z.literal('domain'), domain: Domain }),
  z.object({ type: z.literal('domain-removed'), uuid: Uuid }),
  z.object({ type: z.literal('task'), task: Task }),
  z.object({ type: z.literal('images'), images: z.array(Image) }),
  z.object({ type: z.literal('pools'), pools: z.array(Pool) }),
  z.object({ type: z.literal('networking'), networking: Networking }),
  /** Whole, at every step of it and at its end. */
  z.object({ type: z.literal('move'), move: Move }),
]);
export type SiteChange = z.infer<typeof SiteChange>;

export const SiteInfo = z.object({
  version: z.string(),
  home: z.string(),
  nodeVersion: z.string(),
  engine: z.string(),
  pid: z.int(),
  startedAtMs: z.number(),
  budget: z.object({
    limitMiB: z.number(),
    usedMiB: z.number(),
    domains: z.int(),
    maxDomains: z.int(),
  }),
  processRssBytes: z.number(),
});
export type SiteInfo = z.infer<typeof SiteInfo>;

/**
 * A person's own image: a kernel with its initrd, a disk, or all of them. A disk without a kernel
 * starts with the newest of Debian's here, and needs a root file system of type ext4.
 */
export const ImportImage = z.object({
  name: Name,
  /** Paths on the daemon's machine. Kernel and initrd come together. */
  kernelPath: z.string().min(1).max(4096).optional(),
  initrdPath: z.string().min(1).max(4096).optional(),
  diskPath: z.string().min(1).max(4096).optional(),
  /** Else by the end of the disk's path: `.qcow2`, or raw. */
  diskFormat: DiskFormat.optional(),
  /** Where the kernel finds the root on a disk without a kernel of its own; else `/dev/xvda1`. */
  root: z
    .string()
    .regex(
      /^\/dev\/xvda[0-9]{0,2}$/,
      'the root is /dev/xvda, or a partition of it such as /dev/xvda1',
    )
    .optional(),
  cmdline: z.string().max(2000).optional(),
});
export type ImportImage = z.infer<typeof ImportImage>;

export const ImageRecipe = z.enum(['busybox', 'debian']);
export type ImageRecipe = z.infer<typeof ImageRecipe>;

export const CreateDomain = z.object({
  name: Name,
  host: Name.optional(),
  memoryMiB: MiB.optional(),
  maxMemoryMiB: MiB.optional(),
  image: z.string().max(200).optional(),
  cold: z.boolean().optional(),
  onPoweroff: OnShutdown.optional(),
  onReboot: OnShutdown.optional(),
  onCrash: OnShutdown.optional(),
  /** Of the root disk, where the image has one; else that of the image's. The guest's file system grows with it. */
  diskSizeMiB: DiskMiB.optional(),
  disks: z.array(NewDisk).max(16).optional(),
  interfaces: z.array(NewInterface).max(8).optional(),
});
export type CreateDomain = z.infer<typeof CreateDomain>;

export const SetMemory = DomainRef.extend({ memoryMiB: MiB });

export const XenstorePath = z.string().min(1).max(3072);
export const XenstoreRef = z.object({ host: Name.optional(), path: XenstorePath });
export const XenstoreNode = z.object({
  path: z.string(),
  /** The value as text; bytes that are no printable ASCII are escaped as `\xNN`. */
  value: z.string(),
  permissions: z.string(),
  hasChildren: z.boolean(),
});
export type XenstoreNode = z.infer<typeof XenstoreNode>;

export const LogLine = z.object({
  timeMs: z.number(),
  level: z.enum(['debug', 'info', 'warning', 'error']),
  source: z.string(),
  message: z.string(),
});
export type LogLine = z.infer<typeof LogLine>;

/** What `exec` streams: output as base64 chunks, then the exit status. */
export const ExecChunk = z.discriminatedUnion('type', [
  z.object({ type: z.literal('stdout'), base64: z.string() }),
  z.object({ type: z.literal('stderr'), base64: z.string() }),
  z.object({ type: z.literal('exit'), status: z.int() }),
]);
export type ExecChunk = z.infer<typeof ExecChunk>;
