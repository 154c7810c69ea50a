import { describe, expect, it } from 'vitest';
import { restAfter } from './pace.ts';

const MIB = 2 ** 20;

describe('the pace of a copy', () => {
  it('is its rate, counting what a piece took', () => {
    expect(restAfter({ bytes: MIB, spentMs: 2, isBusy: false }, 100 * MIB)).toBeCloseTo(8);
    expect(restAfter({ bytes: MIB, spentMs: 20, isBusy: false }, 100 * MIB)).toBe(0);
  });

  it('leaves three quarters of the thread to guests that use it', () => {
    expect(restAfter({ bytes: MIB, spentMs: 20, isBusy: true }, 1000 * MIB)).toBe(60);
    expect(restAfter({ bytes: MIB, spentMs: 1, isBusy: true }, 100 * MIB)).toBeCloseTo(9);
  });

  it('rests for nothing where nothing was written', () => {
    expect(restAfter({ bytes: 0, spentMs: 0.1, isBusy: false }, 1)).toBe(0);
  });
});
