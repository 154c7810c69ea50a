import { describe, expect, it } from 'vitest';
import { guestCaller, privilegedCaller } from './caller.ts';
import { isAtOrBelow, parentOf, resolvePath } from './path.ts';

const guest = guestCaller(5);

describe('resolvePath', () => {
  it('puts relative paths below the home of the caller', () => {
    expect(resolvePath('device/vbd', guest, 2048)).toBe('/local/domain/5/device/vbd');
    expect(resolvePath('/local', guest, 2048)).toBe('/local');
    expect(resolvePath('/', guest, 2048)).toBe('/');
    expect(resolvePath('foo', privilegedCaller(), 0)).toBe('/foo');
  });

  it.each(['', '//', '/a/', 'a/', '/a//b', 'a//b', '/a b', '/ä', '/a.b', '/a\0b', '/a\n', '@x'])(
    'refuses %j',
    (path) => {
      expect(resolvePath(path, guest, 2048)).toBeUndefined();
    },
  );

  it('takes special names where they are allowed', () => {
    expect(resolvePath('@releaseDomain', guest, 2048, true)).toBe('@releaseDomain');
    expect(resolvePath('@releaseDomain/7', guest, 2048, true)).toBe('@releaseDomain/7');
    expect(resolvePath('@releaseDomain/', guest, 2048, true)).toBeUndefined();
  });

  it('counts 2048 bytes below the home for guests, 3072 in all for everyone', () => {
    const long = 'x'.repeat(2048);
    expect(resolvePath(long, guest, 2048)).toBe(`/local/domain/5/${long}`);
    expect(resolvePath(`${long}x`, guest, 2048)).toBeUndefined();
    expect(resolvePath(`/local/domain/5/${long}x`, guest, 2048)).toBeUndefined();
    const longest = `/${'x'.repeat(3071)}`;
    expect(resolvePath(longest, privilegedCaller(), 0)).toBe(longest);
    expect(resolvePath(`${longest}x`, privilegedCaller(), 0)).toBeUndefined();
  });
});

describe('path relations', () => {
  it('know parents', () => {
    expect([parentOf('/a/b'), parentOf('/a'), parentOf('/'), parentOf('@x')]).toEqual([
      '/a',
      '/',
      '/',
      '/',
    ]);
  });

  it('do not take a longer name for a child', () => {
    expect(isAtOrBelow('/a/b', '/a')).toBe(true);
    expect(isAtOrBelow('/a', '/a')).toBe(true);
    expect(isAtOrBelow('/ab', '/a')).toBe(false);
    expect(isAtOrBelow('/ab', '/')).toBe(true);
  });
});
