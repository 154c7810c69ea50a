import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions } from './version.ts';

describe('compareVersions', () => {
  // Pairs from Debian policy 5.6.12 and deb-version(7), and real versions of the packages used.
  it.each([
    ['6.1.176-1', '6.1.190-1'],
    ['6.1.9-1', '6.1.10-1'],
    ['1:1.35.0-4', '1:1.35.0-4+deb12u1'],
    ['1:1.35.0-4+deb12u1', '1:1.35.0-4+deb12u1+b1'],
    ['9:1', '10:1'],
    ['2.0', '1:1.0'],
    ['1.0~rc1-1', '1.0-1'],
    ['1.0~~', '1.0~'],
    ['1.0~', '1.0'],
    ['1.0', '1.0a'],
    ['1.0a', '1.0+'],
    ['1.0-1', '1.0-1.1'],
    ['1.0', '1.0-1'],
    ['20260101000000000000001', '20260101000000000000002'],
  ])('puts %s before %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
  });

  it.each([
    ['1.0', '1.0-0'],
    ['1.0', '0:1.0'],
    ['1.01', '1.1'],
  ])('takes %s and %s for the same', (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
  });

  it('is an order', () => {
    const version = fc.string({ unit: fc.constantFrom(...'0129.~+-:ab'), maxLength: 8 });
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) || 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});
