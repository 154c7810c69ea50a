import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import type { Samples, Timing } from './interleave.ts';

const timings = (...wall: number[]): Timing[] =>
  wall.map((wallMs) => ({ wallMs, cpuMs: wallMs / 2 }));

const draw = (subject: number[], peer: number[]): Samples => ({
  loop: { domus: timings(...subject), v86: timings(...peer) },
});

describe('compare', () => {
  it('compares neighbours in time, so that a slow moment counts for both', () => {
    const { overall } = compare([draw([100, 500, 100], [100, 500, 100])], 'domus', 'v86');
    expect(overall).toBeCloseTo(1);
  });

  it('takes the median of the rounds of a draw, then of the draws', () => {
    const draws = [
      draw([110, 110, 900], [100, 100, 100]),
      draw([120, 120, 120], [100, 100, 100]),
      draw([300, 300, 300], [100, 100, 100]),
    ];
    const { workloads } = compare(draws, 'domus', 'v86');
    expect(workloads['loop']?.draws.map((ratio) => ratio.toFixed(2))).toEqual([
      '1.10',
      '1.20',
      '3.00',
    ]);
    expect(workloads['loop']?.ratio).toBeCloseTo(1.2);
    expect(workloads['loop']?.cpuTimeRatio).toBeCloseTo(1.2);
  });

  it('means workloads geometrically and tells the worst', () => {
    const both: Samples = {
      loop: { domus: timings(200), v86: timings(100) },
      md5: { domus: timings(50), v86: timings(100) },
    };
    const { overall, worst } = compare([both], 'domus', 'v86');
    expect(overall).toBeCloseTo(1);
    expect(worst).toBeCloseTo(2);
  });

  it('refuses rounds without a partner, and nothing at all', () => {
    expect(() => compare([draw([1, 2], [1])], 'domus', 'v86')).toThrow(RangeError);
    expect(() => compare([], 'domus', 'v86')).toThrow(RangeError);
  });
});
