/** What a state file says beside the stream: which domain it is of, and what belonged to it. */
import { z } from 'zod';
import { Disk, Interface, OnShutdown, Picture, Uuid } from '../../../shared/contract/index.ts';
import type { DomainDefinition } from '../store/domain-table.ts';

const KiB = z
  .int()
  .min(0)
  .max(2 ** 40);

const Definition: z.ZodType<DomainDefinition> = z.object({
  uuid: Uuid,
  name: z.string().min(1).max(63),
  host: z.string().min(1).max(63),
  image: z.string().max(1000),
  vcpus: z.int().min(1).max(64),
  memoryKiB: KiB,
  maxMemoryKiB: KiB,
  boot: z.enum(['clone', 'cold']),
  onPoweroff: OnShutdown,
  onReboot: OnShutdown,
  onCrash: OnShutdown,
  createdAtMs: z.number(),
  disks: Disk.array().max(16),
  interfaces: Interface.array().max(64),
});

export const StateRecord = z.object({
  /** Of this record and of the file around it. */
  version: z.literal(1),
  savedAtMs: z.number(),
  definition: Definition,
  domid: z.int().min(1).max(0x7fef),
  startedAtMs: z.number(),
  /** Of its balloon. */
  targetKiB: KiB,
  /** What it held. */
  frames: z.int().min(1),
  wasPaused: z.boolean(),
  /** What the stream was made by; checked again with the stream itself. */
  versions: z.object({
    engine: z.object({ v86: z.string(), instrumentation: z.string() }),
    hypervisorState: z.int().min(0),
  }),
  /** What its disks were at that instant; null of one that cannot be asked. */
  disks: z.array(z.object({ name: z.string(), stamp: z.string().nullable() })).max(16),
  /** What its console printed until then, raw. */
  printed: z.string(),
  picture: Picture,
});
export type StateRecord = z.infer<typeof StateRecord>;
