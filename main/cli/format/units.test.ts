import { describe, expect, it } from 'vitest';
import { bytes, duration, mib } from './units.ts';

describe('quantities for people', () => {
  it.each([
    [420, '420 ms'],
    [999.4, '999 ms'],
    [1200, '1.2 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 0 s'],
    [185_000, '3 min 5 s'],
    [7_620_000, '2 h 7 min'],
    [273_600_000, '3 d 4 h'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });

  it.each([
    [41_000_000, '41.0 MB'],
    [1500, '1.5 kB'],
    [2_340_000_000, '2.3 GB'],
    [0, '0.0 kB'],
  ])('%d bytes are %s', (count, text) => {
    expect(bytes(count)).toBe(text);
  });

  it('rounds KiB to MiB', () => {
    expect(mib(65_600)).toBe(64);
  });
});
