/** A stopped domain into a stream. */
import type { Domain } from '../../hypervisor/index.ts';
import { engineSections, PAGE_SIZE } from '../../hypervisor/index.ts';
import { writeMemory } from '../stream/memory-image.ts';
import type { StreamReport } from '../stream/report.ts';
import type { StreamWriter } from '../stream/writer.ts';
import { OWN_VERSIONS } from './versions.ts';

/** The section that holds the grant frames, which lie above RAM. */
export const GRANT_FRAMES_SECTION = 'grant-frames';

export interface SentDomain {
  name: string;
  /** What its host's xenstore exported of it. */
  xenstore: unknown;
}

/** Writes a domain whose clock stands still: memory, machine, hypervisor's state, xenstore. */
export function sendDomain(writer: StreamWriter, domain: Domain, sent: SentDomain): StreamReport {
  const { physmap, memory } = domain;
  writeConfig(writer, domain, sent.name);
  writeMemory(writer, {
    ram: memory.bytes.subarray(0, physmap.ramFrames * PAGE_SIZE),
    isPopulated: (gfn) => physmap.isPopulated(gfn),
  });
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

/** All but the memory, of a domain whose clock stands still. */
export function writeState(writer: StreamWriter, domain: Domain, xenstore: unknown): void {
  const { memory, layout } = domain;
  const state = domain.save();
  for (const [name, bytes] of Object.entries(engineSections(state.engine))) {
    writer.engineState(name, bytes);
  }
  writer.engineState(
    GRANT_FRAMES_SECTION,
    memory.bytes.subarray(layout.bar1, layout.bar1 + layout.grantBytes),
  );
  writer.domainState(state.hypervisor);
  writer.xenstore(xenstore);
}
