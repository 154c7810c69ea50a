import { describe, expect, it } from 'vitest';
import { NO_WISHES, optionsOf } from './move-wishes.ts';

describe('the terms of a move', () => {
  it('are none where nothing is asked', () => {
    expect(optionsOf(NO_WISHES)).toEqual({});
  });

  it('are sent in the units of the contract', () => {
    const limits = { limitsStop: true, longestStopMs: 40, limitsRate: true, mostMbps: 200 };
    expect(optionsOf({ ...NO_WISHES, ...limits, autoConverge: true })).toEqual({
      autoConverge: true,
      maxDowntimeMs: 40,
      maxRateBytesPerSecond: 25e6,
    });
  });

  it('allow no longer stop than one that was not limited', () => {
    expect(optionsOf({ ...NO_WISHES, allowsLonger: true })).toEqual({});
    expect(optionsOf({ ...NO_WISHES, limitsStop: true, allowsLonger: true })).toEqual({
      maxDowntimeMs: 100,
      allowLongerStop: true,
    });
  });
});
