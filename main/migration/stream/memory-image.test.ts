import { describe, expect, it } from 'vitest';
import { CONFIG } from '../testing/forged-stream.ts';
import { GuestMemorySink, writeFrames, writeMemory } from './memory-image.ts';
import type { StreamHandler } from './reader.ts';
import { restoreFromBuffer } from './restore.ts';
import { PAGE_BYTES } from './stream.abi.ts';
import { StreamWriter } from './writer.ts';

const PAGES = 4;
const everything = { isPopulated: () => true };

function streamOf(fill: (writer: StreamWriter) => void, live = false): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new StreamWriter((chunk) => chunks.push(chunk), { live });
  writer.config({ ...CONFIG, memory: { pages: PAGES } });
  fill(writer);
  writer.engineState('cpu', new Uint8Array(8));
  writer.domainState({});
  writer.end();
  return Buffer.concat(chunks);
}

function restoreInto(ram: Uint8Array, fresh: boolean, stream: Uint8Array): Map<number, boolean> {
  const populated = new Map<number, boolean>();
  const setPopulated = (first: number, count: number, is: boolean): void => {
    for (let gfn = first; gfn < first + count; gfn++) populated.set(gfn, is);
  };
  const sink = new GuestMemorySink(() => ram, { fresh, setPopulated });
  const handler: StreamHandler = {
    config: () => undefined,
    pages: (batch) => sink.apply(batch),
    engineState: () => undefined,
    domainState: () => undefined,
    xenstore: () => undefined,
  };
  restoreFromBuffer(stream, handler);
  return populated;
}

describe('guest memory', () => {
  it('is cleared where the stream has zeros, when it was used before', () => {
    const ram = new Uint8Array(PAGES * PAGE_BYTES).fill(7);
    const zeros = new Uint8Array(PAGES * PAGE_BYTES);
    restoreInto(
      ram,
      false,
      streamOf((writer) => writeMemory(writer, { ram: zeros, ...everything })),
    );
    expect(ram.every((byte) => byte === 0)).toBe(true);
  });

  it('is not touched where the stream has zeros, when it is fresh', () => {
    const ram = new Uint8Array(PAGES * PAGE_BYTES).fill(7);
    const zeros = new Uint8Array(PAGES * PAGE_BYTES);
    restoreInto(
      ram,
      true,
      streamOf((writer) => writeMemory(writer, { ram: zeros, ...everything })),
    );
    expect(ram.every((byte) => byte === 7)).toBe(true);
  });

  it('holds the last of what a live stream said of each page', () => {
    const source = new Uint8Array(PAGES * PAGE_BYTES).fill(1);
    let ballooned = -1;
    const guest = { ram: source, isPopulated: (gfn: number) => gfn !== ballooned };
    const stream = streamOf((writer) => {
      writeMemory(writer, guest);
      source.fill(2, PAGE_BYTES, 2 * PAGE_BYTES);
      source.fill(0, 2 * PAGE_BYTES, 3 * PAGE_BYTES);
      ballooned = 3;
      writeFrames(writer, guest, Uint32Array.of(1, 2, 3));
    }, true);
    const ram = new Uint8Array(PAGES * PAGE_BYTES);
    const populated = restoreInto(ram, true, stream);
    const firstBytes = Array.from({ length: PAGES }, (_, gfn) => ram[gfn * PAGE_BYTES]);
    expect(firstBytes).toEqual([1, 2, 0, 0]);
    expect(populated.get(3)).toBe(false);
  });

  it('counts a page as zero only when every byte is, the sign of a zero included', () => {
    for (const at of [0, 1, 4094, 4095]) {
      const source = new Uint8Array(PAGES * PAGE_BYTES);
      source[PAGE_BYTES + at] = 0x80;
      const ram = new Uint8Array(PAGES * PAGE_BYTES);
      const image = { ram: source, ...everything };
      restoreInto(
        ram,
        true,
        streamOf((writer) => writeMemory(writer, image)),
      );
      expect(ram[PAGE_BYTES + at]).toBe(0x80);
    }
  });
});
