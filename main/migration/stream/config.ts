/** The first record of a stream: which domain this is, how large, and what its state is made of. */
import { z } from 'zod';
import { DomusError } from '../../../shared/errors.ts';
import { MAX_MEMORY_PAGES } from './stream.abi.ts';

/** What a domain's state depends on: the receiver must run exactly these. */
const StateVersionsSchema = z.object({
  /** Version of v86 and the hash of the instrumented module. */
  engine: z.object({
    v86: z.string().min(1).max(64),
    instrumentation: z.string().min(1).max(128),
  }),
  /** Of the `domain-state` record, as the hypervisor counts it. */
  hypervisorState: z.int().min(0),
});

export const StreamConfigSchema = z.object({
  uuid: z.uuid(),
  name: z.string().min(1).max(255),
  /** Present when the domain keeps its number: it moves; absent when it gets a new one. */
  domid: z.int().min(1).max(0x7fef).optional(),
  memory: z.object({
    /** Frames of guest RAM from guest-physical address 0 on, populated or not. */
    pages: z.int().min(1).max(MAX_MEMORY_PAGES),
    /** Named guest-physical frame numbers and counts that the two sides must agree on. */
    layout: z.record(z.string().max(64), z.int().min(0)).default({}),
  }),
  versions: StateVersionsSchema,
  /** What the sender wants a person to see: image, time of saving. Nothing depends on it. */
  notes: z.record(z.string().max(64), z.json()).default({}),
});

export type StateVersions = z.infer<typeof StateVersionsSchema>;
export type StreamConfig = z.infer<typeof StreamConfigSchema>;
/** What a sender passes: `layout` and `notes` may be left out. */
export type StreamConfigInput = z.input<typeof StreamConfigSchema>;

/**
 * Refuses a state that this build cannot continue.
 *
 * @throws DomusError `stream.incompatible`, with both sides' versions as data
 */
export function requireCompatible(config: StreamConfig, own: StateVersions): void {
  const theirs = config.versions;
  const differences = [
    difference('v86', theirs.engine.v86, own.engine.v86),
    difference('instrumentation', theirs.engine.instrumentation, own.engine.instrumentation),
    difference('hypervisor state', theirs.hypervisorState, own.hypervisorState),
  ].filter((text) => text !== null);
  if (differences.length === 0) return;
  throw new DomusError(
    'stream.incompatible',
    `the state of "${config.name}" was made by another version (${differences.join(', ')}): ` +
      'continue it with that version, or boot the domain afresh from its disks',
    { data: { uuid: config.uuid, theirs, own } },
  );
}

function difference(what: string, theirs: string | number, own: string | number): string | null {
  return theirs === own ? null : `${what} ${theirs}, here ${own}`;
}
