import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GuestClock } from './guest-clock.ts';

describe('guest time', () => {
  it('starts standing still', () => {
    let hostMs = 1000;
    const clock = new GuestClock(() => hostMs, 5);
    hostMs += 100;
    expect(clock.now()).toBe(5);
    expect(clock.frozen).toBe(true);
  });

  it('is the time it was let go on, whatever the host’s clock shows and however often it stops', () => {
    const step = fc.record({
      act: fc.constantFrom('freeze', 'thaw', 'nothing'),
      passMs: fc.integer({ min: 0, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.array(step), (startMs, steps) => {
        let hostMs = startMs;
        const clock = new GuestClock(() => hostMs);
        let running = false;
        let expectedMs = 0;
        for (const { act, passMs } of steps) {
          if (act !== 'nothing') clock[act]();
          if (act !== 'nothing') running = act === 'thaw';
          hostMs += passMs;
          if (running) expectedMs += passMs;
          expect(clock.now()).toBe(expectedMs);
        }
      }),
    );
  });

  it('goes on from the time a restored machine had', () => {
    let hostMs = 50;
    const clock = new GuestClock(() => hostMs);
    clock.set(123_456.5);
    clock.thaw();
    hostMs += 2;
    expect(clock.now()).toBe(123_458.5);
  });

  it('catches up with what was only a look', () => {
    let host = 100;
    const clock = new GuestClock(() => host);
    clock.thaw();
    host += 10;
    clock.freeze();
    host += 5;
    expect(clock.now()).toBe(10);
    clock.catchUp();
    expect(clock.now()).toBe(15);
    host += 1;
    expect(clock.now()).toBe(16);
  });
});
