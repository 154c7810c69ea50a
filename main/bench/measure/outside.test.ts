import { describe, expect, it } from 'vitest';
import type { Done } from './outside.ts';
import { longestSilence, quickness, rate, recoveryMs, speedIn, usualSilenceMs } from './outside.ts';

describe('silence', () => {
  it('is the longest time without an answer, and where it began', () => {
    expect(longestSilence([1, 2, 3, 10, 11], 0, 12)).toEqual({ fromMs: 3, ms: 7 });
  });

  it('counts from the start and to the end of what is looked at', () => {
    expect(longestSilence([8, 9], 0, 10)).toEqual({ fromMs: 0, ms: 8 });
    expect(longestSilence([1, 2], 0, 10)).toEqual({ fromMs: 2, ms: 8 });
    expect(longestSilence([-5, 20], 0, 10)).toEqual({ fromMs: 0, ms: 10 });
  });

  it('is usually the median between two answers', () => {
    expect(usualSilenceMs([0, 1, 2, 3, 50, 51, 52], 0, 60)).toBe(1);
    expect(usualSilenceMs([0, 1, 2, 3, 50, 51, 52], 3, 50)).toBe(47);
    expect(usualSilenceMs([4], 0, 10)).toBeNaN();
  });
});

describe('speed', () => {
  const every = (ms: number, from: number, to: number, tookMs: number): Done[] =>
    Array.from({ length: (to - from) / ms }, (_, index) => ({ atMs: from + index * ms, tookMs }));

  it('is a rate or a quickness', () => {
    const done = every(10, 0, 1000, 4);
    expect(speedIn(rate, done, 0, 500)).toBe(100);
    expect(speedIn(quickness, done, 0, 500)).toBe(250);
    expect(speedIn(quickness, [], 0, 500)).toBe(0);
    expect(speedIn(rate, [], 0, 500)).toBe(0);
  });

  it('is back in the first window in which it is as wanted', () => {
    const done = [
      ...every(10, 0, 1000, 4),
      ...every(40, 1200, 2000, 9),
      ...every(10, 2000, 4000, 4),
    ];
    const window = { fromMs: 1000, toMs: 4000, windowMs: 200 };
    // 18 of 20 fit into a window that begins when at most 2 of the fast ones are yet to come.
    expect(recoveryMs(rate, done, { ...window, wanted: 90 })).toBe(980);
    expect(recoveryMs(quickness, done, { ...window, wanted: 225 })).toBeLessThan(980);
    expect(recoveryMs(rate, done, { ...window, wanted: 101 })).toBeNull();
  });
});
