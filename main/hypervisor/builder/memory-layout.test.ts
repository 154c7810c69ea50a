import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { E820, e820Map, memoryLayout } from './memory-layout.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const PAGE = 4096;

/** 4 MiB to 1.5 GiB, any number of pages. */
const memoryKiB = fc.integer({ min: 1024, max: 384 * 1024 }).map((pages) => pages * 4);

describe('the memory of a domain', () => {
  it('is usable but for less than 2 MiB, whatever its size', () => {
    fc.assert(
      fc.property(memoryKiB, (size) => {
        const usable = e820Map(memoryLayout(size))
          .filter(({ type }) => type === E820.ram)
          .reduce((sum, { length }) => sum + length, 0);
        expect(usable).toBeLessThanOrEqual(size * KIB);
        expect(usable).toBeGreaterThan(size * KIB - 2 * MIB);
      }),
    );
  });

  it('is described without gaps, overlaps or unaligned ends', () => {
    fc.assert(
      fc.property(memoryKiB, (size) => {
        let end = 0;
        for (const { start, length } of e820Map(memoryLayout(size))) {
          expect(start).toBe(end);
          expect(length).toBeGreaterThan(0);
          end = start + length;
          expect(end % PAGE).toBe(0);
        }
        expect(end).toBe(size * KIB);
      }),
    );
  });

  it('has its special pages reserved, each its own', () => {
    fc.assert(
      fc.property(memoryKiB, (size) => {
        const layout = memoryLayout(size);
        const special = [layout.consoleGfn, layout.xenstoreGfn, layout.generationIdGfn];
        expect(new Set(special).size).toBe(3);
        const reserved = e820Map(layout).at(-1)!;
        for (const gfn of special) {
          expect(gfn * PAGE).toBeGreaterThanOrEqual(reserved.start);
          expect((gfn + 1) * PAGE).toBeLessThanOrEqual(reserved.start + reserved.length);
        }
        expect(reserved.type).toBe(E820.reserved);
      }),
    );
  });

  it('has the platform device’s memory above it, aligned to its size, with the grant frames backed', () => {
    fc.assert(
      fc.property(memoryKiB, (size) => {
        const { bar1, bar1Bytes, grantBytes, ramBytes, engineBytes } = memoryLayout(size);
        expect(bar1).toBeGreaterThanOrEqual(ramBytes);
        expect(bar1 % bar1Bytes).toBe(0);
        expect(grantBytes).toBe(64 * PAGE);
        expect(engineBytes).toBeGreaterThanOrEqual(bar1 + grantBytes);
        expect(engineBytes % (128 * KIB)).toBe(0);
      }),
    );
  });
});
