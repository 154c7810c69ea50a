import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REGION_BYTES, RegionMap } from './region-map.ts';

const SECTOR = 512;
const REGIONS = 200;

describe('a map of regions', () => {
  it('has what a set would have, and finds all of it in runs, whatever was marked and taken off', () => {
    const range = fc.tuple(fc.nat(REGIONS * 128 - 1), fc.nat(600));
    const step = fc.oneof(
      fc.record({ kind: fc.constant('mark' as const), range }),
      fc.record({ kind: fc.constant('clear' as const), range }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (steps, most) => {
          const bytes = REGIONS * REGION_BYTES - 3 * SECTOR;
          const map = new RegionMap(bytes);
          const model = new Set<number>();
          for (const {
            kind,
            range: [sector, sectors],
          } of steps) {
            const offset = Math.min(sector * SECTOR, bytes);
            const length = Math.min(sectors * SECTOR, bytes - offset);
            const touched = new Set<number>();
            for (let at = offset; at < offset + length; at += SECTOR) {
              touched.add(Math.floor(at / REGION_BYTES));
            }
            if (kind === 'mark') {
              map.mark(offset, length);
              for (const region of touched) model.add(region);
            } else {
              const [first] = touched;
              map.clear(first ?? 0, touched.size);
              for (const region of touched) model.delete(region);
            }
          }
          expect(map.count).toBe(model.size);
          const found: number[] = [];
          for (let run = map.nextRun(0, most); run;) {
            expect(run.count).toBeGreaterThan(0);
            expect(run.count).toBeLessThanOrEqual(most);
            for (let region = run.first; region < run.first + run.count; region++)
              found.push(region);
            run = map.nextRun(run.first + run.count, most);
          }
          expect(found).toEqual([...model].sort((a, b) => a - b));
        },
      ),
    );
  });

  it('of a disk of many terabytes is made and searched', () => {
    const map = new RegionMap(4 * 2 ** 40);
    map.mark(4 * 2 ** 40 - 1, 1);
    expect(map.nextRun(0, 8)).toEqual({ first: 2 ** 26 - 1, count: 1 });
    map.clear(2 ** 26 - 1, 1);
    expect(map.nextRun(0, 8)).toBeNull();
  });
});
