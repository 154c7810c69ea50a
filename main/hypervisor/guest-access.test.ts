import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { GuestVirtualAddress, struct, u32, u64 } from './abi/index.ts';
import { GuestAccess } from './guest-access.ts';
import { PagedMemory } from './engine/testing/paged-memory.ts';

const MIB = 2 ** 20;
const ROOT = 0x1000;
const TABLE = 0x2000;
/** Virtual pages 0 to 7: frames in no order, one absent (5), one read-only (7), one beyond (6). */
const FRAMES = [0x30, 0x17, 0x55, 0x16, 0x40, null, 0xf_0000, 0x20] as const;
const [ABSENT, BEYOND, READ_ONLY] = [5, 6, 7];

const Sample = struct('sample', 12, { low: [0, u32], wide: [4, u64] });

describe('a guest’s memory by its addresses', () => {
  let paged: PagedMemory;
  let guest: GuestAccess;
  beforeEach(() => {
    paged = new PagedMemory(MIB);
    paged.put(ROOT, TABLE | 3);
    paged.put(ROOT + 1023 * 4, TABLE | 3);
    FRAMES.forEach((frame, page) => {
      if (frame !== null) paged.put(TABLE + page * 4, frame * 4096 + (page === READ_ONLY ? 1 : 3));
    });
    // The last page of the address space has a frame too: addresses wrap behind it.
    paged.put(TABLE + 1023 * 4, 0x60_003);
    paged.turnOn('two-level', ROOT);
    guest = new GuestAccess(paged.cpu, paged.memory);
  });
  const address = GuestVirtualAddress;

  it('is read back as it was written, wherever its frames are', () => {
    const place = fc.integer({ min: 0, max: 5 * 4096 - 1 });
    fc.assert(
      fc.property(place, fc.uint8Array({ maxLength: 3 * 4096, size: 'max' }), (start, bytes) => {
        const fits = start + bytes.length <= 5 * 4096;
        expect(guest.copyOut(start, bytes)).toBe(fits);
        if (!fits) return;
        const back = new Uint8Array(bytes.length);
        expect(guest.copyIn(start, back)).toBe(true);
        expect(Buffer.compare(back, bytes)).toBe(0);
        bytes.forEach((byte, index) => {
          const at = start + index;
          const physical = FRAMES[at >> 12]! * 4096 + (at & 0xfff);
          if (paged.memory.bytes[physical] !== byte)
            throw new Error(`byte ${at} is not in its frame`);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('has its generated code voided where it was written, and nowhere else', () => {
    guest.copyOut(4096 - 2, Uint8Array.of(1, 2, 3));
    expect(paged.dirtied).toEqual([
      [0x30ffe, 0x31000],
      [0x17000, 0x17001],
    ]);
    paged.dirtied.length = 0;
    guest.copyIn(0, new Uint8Array(64));
    guest.copyOut(0, new Uint8Array(0));
    expect(paged.dirtied).toEqual([]);
  });

  it.each([
    ['absent', ABSENT, false],
    ['beyond the memory', BEYOND, false],
    ['read-only', READ_ONLY, true],
  ])('is not written where a page is %s', (_what, page, readable) => {
    const start = address(page * 4096 + 16);
    expect(guest.copyOut(start, Uint8Array.of(1))).toBe(false);
    expect(guest.write(Sample, start, { low: 1 })).toBe(false);
    expect(guest.writeU32(start, 1)).toBe(false);
    expect(guest.resolve(start, 4)).toBeNull();
    expect(guest.copyIn(start, new Uint8Array(1))).toBe(readable);
    expect(guest.read(Sample, start) !== null).toBe(readable);
    expect(guest.readU32(start) !== null).toBe(readable);
  });

  it('gives structs whole or not at all, across pages', () => {
    const across = address(4096 - 6);
    expect(guest.write(Sample, across, { low: 7, wide: 2n ** 64n - 1n })).toBe(true);
    expect(guest.read(Sample, across)).toEqual({ low: 7, wide: 2n ** 64n - 1n });
    expect(guest.write(Sample, across, { low: 8 })).toBe(true);
    expect(guest.read(Sample, across)).toEqual({ low: 8, wide: 2n ** 64n - 1n });
    expect(guest.read(Sample, address(5 * 4096 - 4))).toBeNull();
  });

  it('is resolved into its pieces', () => {
    expect(guest.resolve(4096 - 8, 44)).toEqual([
      { physical: 0x30ff8, length: 8 },
      { physical: 0x17000, length: 36 },
    ]);
    expect(guest.resolve(2 * 4096, 8)).toEqual([{ physical: 0x55000, length: 8 }]);
  });

  it('goes on at address 0 behind the last one', () => {
    expect(guest.copyOut(0xffff_fffe, Uint8Array.of(1, 2, 3, 4))).toBe(true);
    expect([...paged.memory.bytes.subarray(0x60ffe, 0x61000)]).toEqual([1, 2]);
    expect([...paged.memory.bytes.subarray(0x30000, 0x30002)]).toEqual([3, 4]);
  });

  it('gives any pointer a plain answer', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.integer({ min: 0, max: 4096 }),
        (start, length) => {
          expect(typeof guest.copyIn(start, new Uint8Array(length))).toBe('boolean');
          expect(typeof guest.copyOut(start, new Uint8Array(length))).toBe('boolean');
          guest.read(Sample, address(start));
        },
      ),
    );
  });
});
