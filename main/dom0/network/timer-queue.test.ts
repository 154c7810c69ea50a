import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerQueue } from './timer-queue.ts';
import type { Timed } from './timer-queue.ts';

describe('a timer queue', () => {
  it('calls each owner when it wants, never earlier, however it changes its mind', () => {
    const change = fc.record({
      owner: fc.nat(9),
      inMs: fc.option(fc.nat(100)),
      passMs: fc.constantFrom(0, 0, 1, 17),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80, size: 'max' }), (changes) => {
        let now = 0;
        let told = 0;
        const queue = new TimerQueue(
          () => now,
          () => told++,
        );
        const owners = Array.from({ length: 10 }, () => {
          const owner: Timed & { nextMs: number | null; calls: number } = {
            nextMs: null,
            calls: 0,
            onTimer: () => {
              expect(owner.nextMs).not.toBeNull();
              expect(owner.nextMs).toBeLessThanOrEqual(now);
              owner.nextMs = null;
              owner.calls++;
            },
          };
          return owner;
        });
        const pass = (untilMs: number): void => {
          while (queue.nextMs !== null && queue.nextMs <= untilMs) {
            now = Math.max(now, queue.nextMs);
            queue.run();
            for (const { nextMs } of owners)
              if (nextMs !== null) expect(nextMs).toBeGreaterThan(now);
          }
          now = Math.max(now, untilMs);
        };
        for (const { owner, inMs, passMs } of changes) {
          pass(now + passMs);
          const timed = owners[owner];
          if (!timed) continue;
          timed.nextMs = inMs === null ? null : now + inMs + 1;
          queue.update(timed);
        }
        pass(now + 1000);
        expect(owners.every(({ nextMs }) => nextMs === null)).toBe(true);
        if (changes.some(({ inMs }) => inMs !== null)) expect(told).toBeGreaterThan(0);
      }),
    );
  });
});
