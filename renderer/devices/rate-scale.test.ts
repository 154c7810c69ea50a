import { expect, test } from 'vitest';
import { rateScale } from './rate-scale.ts';

function history(...rows: [into: number, outOf: number][]) {
  return {
    length: rows.length,
    value: (column: 'into' | 'outOf', age: number) => rows[age]![column === 'into' ? 0 : 1],
  };
}

test('both curves of a device have one scale, a round figure', () => {
  expect(rateScale(history([1_200_000, 30], [400_000, 0]))).toBe(2_000_000);
  expect(rateScale(history([0, 8_100_000]))).toBe(10_000_000);
  expect(rateScale(history([5_000_000, 0]))).toBe(5_000_000);
});

test('an idle device is not blown up', () => {
  expect(rateScale(history([12, 40]))).toBe(20_000);
  expect(rateScale(history())).toBe(20_000);
});
