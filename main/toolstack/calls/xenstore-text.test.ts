import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkPath, textToValue, valueToText } from './xenstore-text.ts';

describe('values of xenstore as text', () => {
  test('any bytes come back as they were, through printable ASCII', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = valueToText(bytes);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(textToValue(text)).toEqual(bytes);
      }),
    );
  });

  test('what a person types goes in as it is', () => {
    expect(valueToText(textToValue('hello world'))).toBe('hello world');
    expect(textToValue('a\\x00b')).toEqual(Uint8Array.of(0x61, 0, 0x62));
    expect(textToValue('C:\\temp')).toEqual(new TextEncoder().encode('C:\\temp'));
  });
});

describe('paths of xenstore', () => {
  test.each(['/', '/local/domain/1', '/vm/a-b_c@d', '/a'])('%s is one', (path) => {
    expect(checkPath(path)).toBe(path);
  });

  test('a slash at the end is left out', () => {
    expect(checkPath('/local/')).toBe('/local');
  });

  test.each(['', 'local', '/a//b', '/a b', '/ä', '/a\0', `/${'x'.repeat(4000)}`])(
    '%j is none',
    (path) => {
      expect(() => checkPath(path)).toThrow(
        expect.objectContaining({ code: 'xenstore.invalid-path' }),
      );
    },
  );
});
