import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Throttle } from './throttle.ts';

test('takes just its part of the time, however long the slices are', () => {
  const slices = fc.array(fc.double({ min: 0.01, max: 5, noNaN: true }), { minLength: 200 });
  fc.assert(
    fc.property(slices, fc.integer({ min: 1, max: 99 }), (ran, percent) => {
      const throttle = new Throttle();
      throttle.set(percent);
      let [runMs, waitMs] = [0, 0];
      for (const ms of ran) {
        runMs += ms;
        throttle.ran(ms);
        const dueMs = throttle.dueMs;
        waitMs += dueMs;
        throttle.waited(dueMs);
      }
      // What is owed at the end is less than what is worth a sleep.
      const wantedMs = (runMs * percent) / (100 - percent);
      expect(waitMs).toBeLessThanOrEqual(wantedMs + 1e-6);
      expect(waitMs).toBeGreaterThan(wantedMs - 2 - 1e-6);
    }),
  );
});

test('lets it go at once when it is taken off, whatever it owes', () => {
  const throttle = new Throttle();
  throttle.set(99);
  throttle.ran(100);
  expect(throttle.dueMs).toBeGreaterThan(5000);
  throttle.set(0);
  expect(throttle.dueMs).toBe(0);
  throttle.ran(100);
  expect(throttle.dueMs).toBe(0);
});
