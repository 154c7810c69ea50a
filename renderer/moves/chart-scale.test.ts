import { describe, expect, it } from 'vitest';
import { linearScale, niceAbove, rootScale, slots } from './chart-scale.ts';

describe('the axis of a chart', () => {
  it('ends at a round number that is not below the largest value', () => {
    expect([1, 2, 3, 8, 10, 11, 32_768, 0.45].map(niceAbove)).toEqual([
      1, 2, 3, 10, 10, 15, 40_000, 0.5,
    ]);
  });

  it.each([
    ['by the root', rootScale],
    ['by the value', linearScale],
  ])('begins at zero and names values that have room between them, %s', (_, scale) => {
    for (const height of [60, 120, 300]) {
      for (const value of [9, 512, 32_768, 3.7]) {
        const { y, ticks } = scale([value, value / 7], height, 1);
        expect(ticks[0]).toBe(0);
        expect(y(0)).toBe(height);
        expect(y(ticks.at(-1)!)).toBe(0);
        expect(y(value)).toBeGreaterThanOrEqual(0);
        const places = ticks.map(y);
        for (const [index, place] of places.entries()) {
          if (index > 0) expect(places[index - 1]! - place).toBeGreaterThanOrEqual(15);
        }
      }
    }
  });

  it('shows the fifty pages of a last round beside the thousands of the first', () => {
    const { y } = rootScale([32_768, 50], 120, 1);
    expect(120 - y(50)).toBeGreaterThan(3);
  });
});

describe('the columns', () => {
  it('lie where they are looked for, and nothing lies beside them', () => {
    const { x, at } = slots(6, 480);
    for (let index = 0; index < 6; index++) expect(at(x(index))).toBe(index);
    expect([at(-1), at(481)]).toEqual([null, null]);
  });

  it('stand at the left where they are few', () => {
    expect(slots(2, 1000).x(1)).toBe(144);
    expect(slots(2, 1000).at(500)).toBeNull();
  });
});
