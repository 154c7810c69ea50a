import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DomusError } from '../../../shared/errors.ts';
import { parseSource, sourceText, volumeAddress } from './disk-source.ts';

describe('where a disk’s content is', () => {
  test.each([
    ['/srv/a.img', { kind: 'file', path: '/srv/a.img' }],
    ['/srv/pool/a,b c', { kind: 'file', path: '/srv/pool/a,b c' }],
    ['default/web1', { kind: 'volume', pool: 'default', volume: 'web1' }],
    ['a/b.qcow2', { kind: 'volume', pool: 'a', volume: 'b.qcow2' }],
    ['nbd://nas/root', { kind: 'nbd', host: 'nas', port: 10809, exportName: 'root' }],
    ['nbd://NAS.local:7/', { kind: 'nbd', host: 'nas.local', port: 7, exportName: '' }],
    ['nbd://[::1]:7/a%20b/c', { kind: 'nbd', host: '[::1]', port: 7, exportName: 'a b/c' }],
    ['nbd://10.0.0.1', { kind: 'nbd', host: '10.0.0.1', port: 10809, exportName: '' }],
  ])('%s', (text, parsed) => {
    expect(parseSource(text)).toEqual(parsed);
    expect(parseSource(sourceText(parseSource(text)))).toEqual(parsed);
  });

  test.each([
    '',
    'a',
    './a',
    'a/b/c',
    'a/.b',
    'a/..',
    '../a',
    '-a/b',
    'a /b',
    'a/',
    '/a\0b',
    'a/b\n',
    'nbd:',
    'nbd:host:1',
    'nbd://',
    'nbd:///a',
    'nbd://h:0/a',
    'nbd://h:65536/a',
    'nbd://u@h/a',
    'nbd://h/a?x',
    'nbd://h/%zz',
    'nbd://h/%00',
    'nbd+unix:///a',
    'http://h/a',
    'json:{}',
  ])('is not %j', (text) => {
    expect(() => parseSource(text)).toThrow(expect.objectContaining({ code: 'disk.bad-source' }));
  });

  test('whatever is typed: one thing that has one text, or a refusal', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.tuple(fc.string(), fc.string()).map((parts) => parts.join('/')),
      fc.string().map((rest) => `nbd://host/${rest}`),
      fc.webUrl().map((url) => url.replace(/^https?/, 'nbd')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const parsed = parseSource(text);
          expect(parseSource(sourceText(parsed))).toEqual(parsed);
          expect(volumeAddress(text) !== null).toBe(parsed.kind === 'volume');
        } catch (error) {
          expect((error as DomusError).code).toBe('disk.bad-source');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
