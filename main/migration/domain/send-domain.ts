/** A stopped domain into a stream. */
import type { Domain, WholeDomainState } from '../../hypervisor/index.ts';
import { engineSections } from '../../hypervisor/index.ts';
import { writeMemory } from '../stream/memory-image.ts';
import type { StreamReport } from '../stream/report.ts';
import type { StreamWriter } from '../stream/writer.ts';
import { memoryOf } from './domain-memory.ts';
import { OWN_VERSIONS } from './versions.ts';

/** The section that holds the grant frames, which lie above RAM. */
export const GRANT_FRAMES_SECTION = 'grant-frames';

export interface SentDomain {
  name: string;
  /** What its host's xenstore exported of it. */
  xenstore: Uint8Array;
}

/** Writes a domain whose clock stands still: memory, machine, hypervisor's state, xenstore. */
export function sendDomain(writer: StreamWriter, domain: Domain, sent: SentDomain): StreamReport {
  writeConfig(writer, domain, sent.name);
  writeMemory(writer, memoryOf(domain));
  writeState(writer, domain, sent.xenstore);
  return writer.end();
}

/** The first record of any stream of a domain. */
export function writeConfig(writer: StreamWriter, domain: Domain, name: string): void {
  const { physmap, layout } = domain;
  writer.config({
    uuid: domain.uuid,
    name,
    domid: domain.domid,
    memory: { pages: physmap.ramFrames, layout: { bar1: layout.bar1 } },
    versions: OWN_VERSIONS,
  });
}

/** The parts of a machine's state that a stream has, as they were sent last. */
export type SentSections = Map<string, Uint8Array>;

/**
 * Between slices: the machine but for its memory. Of a live stream what has not changed since it was
 * sent is left out.
 */
function writeMachine(
  writer: StreamWriter,
  domain: Domain,
  { engine }: WholeDomainState,
  sent: SentSections = new Map(),
): void {
  const { memory, layout } = domain;
  const grants = memory.bytes.subarray(layout.bar1, layout.bar1 + layout.grantBytes);
  const sections = { ...engineSections(engine), [GRANT_FRAMES_SECTION]: grants };
  for (const [name, bytes] of Object.entries(sections)) {
    const before = sent.get(name);
    if (before && Buffer.compare(before, bytes) === 0) continue;
    writer.engineState(name, bytes);
    sent.set(name, bytes.slice());
  }
}

/** All but the memory, of a domain whose clock stands still. */
export function writeState(
  writer: StreamWriter,
  domain: Domain,
  xenstore: Uint8Array,
  sent?: SentSections,
): void {
  writeOwnState(writer, domain, sent);
  writer.xenstore(xenstore);
}

/** What its own thread knows of it: the machine, and the hypervisor's state. */
export function writeOwnState(writer: StreamWriter, domain: Domain, sent?: SentSections): void {
  const state = domain.save();
  writeMachine(writer, domain, state, sent);
  writer.domainState(state.hypervisor);
}
