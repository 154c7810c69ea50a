import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { geometricMean, median, p95, percentile, round } from './statistics.ts';

// `+ 0` makes the negative zero, which sorts as it likes, the positive one.
const sample = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value + 0);
const samples = fc.array(sample, { minLength: 1 });

describe('percentile', () => {
  it('is the middle sample of an odd number, the mean of the two of an even one', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('lies linearly between the two nearest samples', () => {
    expect(percentile([10, 20, 30, 40, 50], 0.95)).toBeCloseTo(48);
    expect(p95(Array.from({ length: 101 }, (_, index) => index))).toBe(95);
  });

  it('is the least at 0, the greatest at 1, and between them elsewhere', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, fraction) => {
        const [least, most] = [Math.min(...values), Math.max(...values)];
        expect(percentile(values, 0)).toBe(least);
        expect(percentile(values, 1)).toBe(most);
        const between = percentile(values, fraction);
        expect(between).toBeGreaterThanOrEqual(least - 1e-6);
        expect(between).toBeLessThanOrEqual(most + 1e-6);
      }),
    );
  });

  it('leaves the samples in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('refuses no samples, and what is no fraction', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => percentile([1], 1.5)).toThrow(RangeError);
    expect(() => percentile([1], NaN)).toThrow(RangeError);
  });
});

describe('geometricMean', () => {
  it('is the root of the product', () => {
    expect(geometricMean([2, 8])).toBeCloseTo(4);
    expect(geometricMean([1.05])).toBeCloseTo(1.05);
  });

  it('of ratios and of their inverses are inverses', () => {
    const ratios = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(ratios, (values) => {
        const inverse = geometricMean(values.map((value) => 1 / value));
        expect(geometricMean(values) * inverse).toBeCloseTo(1);
      }),
    );
  });

  it('refuses what has no logarithm', () => {
    expect(() => geometricMean([])).toThrow(RangeError);
    expect(() => geometricMean([1, 0])).toThrow(RangeError);
    expect(() => geometricMean([NaN])).toThrow(RangeError);
  });
});

describe('round', () => {
  it('keeps so many decimals', () => {
    expect(round(1.0449, 3)).toBe(1.045);
    expect(round(35_539.4, 0)).toBe(35_539);
  });
});
