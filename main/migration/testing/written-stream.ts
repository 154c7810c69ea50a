/** Whole streams by the product's own writer. */
import { writeMemory } from '../stream/memory-image.ts';
import { PAGE_BYTES } from '../stream/stream.abi.ts';
import { StreamWriter } from '../stream/writer.ts';
import type { StreamWriterOptions } from '../stream/writer.ts';
import { CONFIG } from './forged-stream.ts';

export type TestPage = 'zero' | 'data' | 'unpopulated';

export interface TestDomain {
  kinds: TestPage[];
  /** What data pages and the engine section are filled with. */
  seed: number;
  sectionBytes: number;
  state: unknown;
}

export const SMALL_DOMAIN: TestDomain = {
  kinds: ['zero', 'unpopulated'],
  seed: 1,
  sectionBytes: 20,
  state: { events: [] },
};

/** Guest memory with those kinds of pages; an unpopulated page holds bytes that must not be sent. */
export function memoryOf(domain: TestDomain): Uint8Array {
  const ram = new Uint8Array(domain.kinds.length * PAGE_BYTES);
  domain.kinds.forEach((kind, gfn) => {
    const page = ram.subarray(gfn * PAGE_BYTES, (gfn + 1) * PAGE_BYTES);
    if (kind === 'unpopulated') page.fill(0xee);
    // One byte somewhere, often the only one of its page.
    if (kind === 'data') page[(domain.seed * 7919 + gfn * 13) % PAGE_BYTES] = 1 + (gfn % 255);
    if (kind === 'data' && gfn % 2 === 0) page.fill(domain.seed, 0, 1000);
  });
  return ram;
}

export function sectionOf(domain: TestDomain): Uint8Array {
  const section = new Uint8Array(domain.sectionBytes);
  for (let at = 0; at < section.length; at += 5000) section[at] = (domain.seed + at) & 0xff;
  return section;
}

/** The stream's chunks, copied out of the writer's buffers. */
export function writeDomain(domain: TestDomain, options: StreamWriterOptions = {}): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const writer = new StreamWriter((chunk) => chunks.push(Uint8Array.from(chunk)), options);
  writer.config({ ...CONFIG, memory: { pages: domain.kinds.length } });
  const isPopulated = (gfn: number): boolean => domain.kinds[gfn] !== 'unpopulated';
  writeMemory(writer, { ram: memoryOf(domain), isPopulated });
  writer.engineState('devices', sectionOf(domain));
  writer.domainState(domain.state);
  writer.xenstore(Buffer.from('{"nodes":[]}'));
  writer.end();
  return chunks;
}
