import { describe, expect, it } from 'vitest';
import { type CpuHistory, curvePaths } from './cpu-curve.ts';

/** Newest first: time and per cent. */
function history(...samples: [timeMs: number, percent: number][]): CpuHistory {
  return {
    length: samples.length,
    timeMs: (age) => samples[age]![0],
    value: (_column, age) => samples[age]![1],
  };
}

describe('the curve of the last minute', () => {
  it('goes from the newest sample at the right to the left, a hundred per cent at the top', () => {
    const { line, area } = curvePaths(history([60_000, 100], [59_000, 0], [58_000, 50]), 60_000, 0);
    expect(line).toBe('M120,1L118,17L116,9');
    expect(area).toBe('M120,18L120,1L118,17L116,9L116,18Z');
  });

  it('lies where it is put in a larger drawing', () => {
    expect(curvePaths(history([9000, 0], [8000, 0]), 9000, 320).line).toBe('M120,337L118,337');
  });

  it('is cut where samples are missing, and a single sample is no line', () => {
    const seconds = [60, 59, 40, 39, 20].map((second): [number, number] => [second * 1000, 0]);
    expect(curvePaths(history(...seconds), 60_000, 0).line).toBe('M120,17L118,17M80,17L78,17');
  });

  it('ends a minute ago, and never leaves its height', () => {
    const { line } = curvePaths(history([90_000, 250], [89_000, 0], [29_000, 0]), 90_000, 0);
    expect(line).toBe('M120,1L118,17');
    expect(curvePaths(history(), 0, 0)).toEqual({ line: '', area: '' });
  });
});
