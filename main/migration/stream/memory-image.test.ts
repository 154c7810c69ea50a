import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONFIG } from '../testing/forged-stream.ts';
import { GuestMemorySink, writeFrames, writeMemory } from './memory-image.ts';
import type { StreamHandler } from './reader.ts';
import { restoreFromBuffer } from './restore.ts';
import { PAGE_BYTES } from './stream.abi.ts';
import { SentPages } from './sent-pages.ts';
import { StreamWriter } from './writer.ts';

const PAGES = 4;
const everything = { isPopulated: () => true };

function streamOf(fill: (writer: StreamWriter) => void, live = false): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new StreamWriter((chunk) => chunks.push(chunk), { live, lines: live });
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
    lines: (batch) => sink.applyLines(batch),
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

/** One write of a guest: so many equal bytes somewhere in its memory, over the edges of pages too. */
const guestWrite = fc.record({
  at: fc.integer({ min: 0, max: PAGES * PAGE_BYTES - 1 }),
  length: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 3 * PAGE_BYTES })),
  value: fc.constantFrom(0, 0, 1, 0x80, 0xff),
});

describe('pages by their lines', () => {
  it('are what the guest has written, after any rounds, whatever was kept of them', () => {
    const rounds = fc.array(fc.array(guestWrite, { maxLength: 6 }), { minLength: 1, maxLength: 8 });
    const ballooned = fc.array(fc.option(fc.nat(PAGES - 1)), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(rounds, ballooned, fc.integer({ min: 0, max: PAGES }), (all, without, kept) => {
        const source = new Uint8Array(PAGES * PAGE_BYTES);
        const frames = Uint32Array.from({ length: PAGES }, (_, gfn) => gfn);
        const sent = new SentPages(kept);
        const stream = streamOf((writer) => {
          all.forEach((writes, round) => {
            for (const { at, length, value } of writes) source.fill(value, at, at + length);
            const isPopulated = (gfn: number): boolean => gfn !== without[round];
            const last = { ram: source, isPopulated };
            writeFrames(writer, last, frames, { sent, again: round > 0 });
            writer.flush();
          });
          writeFrames(writer, { ram: source, ...everything }, frames, { sent, again: true });
        }, true);
        const ram = new Uint8Array(PAGES * PAGE_BYTES).fill(7);
        restoreInto(ram, false, stream);
        expect(Buffer.compare(ram, source)).toBe(0);
      }),
    );
  });

  it('take a line each of the link for a byte each that changed', () => {
    const source = new Uint8Array(PAGES * PAGE_BYTES).fill(1);
    const sent = new SentPages();
    const sizes: number[] = [];
    streamOf((writer) => {
      const frames = Uint32Array.from({ length: PAGES }, (_, gfn) => gfn);
      for (let round = 0; round < 4; round++) {
        const before = writer.bytes;
        for (const gfn of frames) source[gfn * PAGE_BYTES + 100]!++;
        writeFrames(writer, { ram: source, ...everything }, frames, { sent, again: round > 0 });
        writer.flush();
        sizes.push(writer.bytes - before);
      }
    }, true);
    expect(Math.min(sizes[0]!, sizes[1]!)).toBeGreaterThan(PAGES * PAGE_BYTES);
    expect(sizes.slice(2)).toEqual([24 + 8 + PAGES * 80, 24 + 8 + PAGES * 80]);
  });

  it('say nothing of a page that holds what was sent', () => {
    const source = new Uint8Array(PAGES * PAGE_BYTES).fill(1);
    const sent = new SentPages();
    streamOf((writer) => {
      const [image, frames] = [{ ram: source, ...everything }, Uint32Array.of(0, 1)];
      writeMemory(writer, image);
      writeFrames(writer, image, frames, { sent, again: true });
      writer.flush();
      const before = writer.bytes;
      writeFrames(writer, image, frames, { sent, again: true });
      writer.flush();
      expect(writer.bytes).toBe(before);
    }, true);
  });
});
