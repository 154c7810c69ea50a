import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Release } from './range-turns.ts';
import { RangeTurns } from './range-turns.ts';

describe('turns on ranges', () => {
  it('never give a byte to two at once, come in order, and come to everybody', () => {
    const ask = fc.record({
      kind: fc.constant('ask' as const),
      from: fc.nat(30),
      length: fc.integer({ min: 1, max: 8 }),
    });
    const end = fc.record({ kind: fc.constant('end' as const), which: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(fc.oneof(ask, end), { maxLength: 80 }), (steps) => {
        const turns = new RangeTurns();
        const bytes = new Map<number, number>();
        const lastOn = new Map<number, number>();
        const held: { id: number; from: number; end: number; release: Release }[] = [];
        const begun: number[] = [];
        const finish = (index: number): void => {
          const [one] = held.splice(index, 1);
          for (let at = one!.from; at < one!.end; at++) bytes.delete(at);
          one!.release();
        };
        let asked = 0;
        for (const step of steps) {
          if (step.kind === 'end') {
            if (held.length > 0) finish(step.which % held.length);
            continue;
          }
          const id = asked++;
          const end = step.from + step.length;
          turns.take(step.from, step.length, (release) => {
            for (let at = step.from; at < end; at++) {
              expect(bytes.has(at)).toBe(false);
              expect(lastOn.get(at) ?? -1).toBeLessThan(id);
              bytes.set(at, id);
              lastOn.set(at, id);
            }
            begun.push(id);
            held.push({ id, from: step.from, end, release });
          });
        }
        while (held.length > 0) finish(0);
        expect([...begun].sort((a, b) => a - b)).toEqual(
          Array.from({ length: asked }, (_, id) => id),
        );
        expect(turns.size).toBe(0);
      }),
    );
  });
});
