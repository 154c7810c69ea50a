import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DomusError } from '../../../shared/errors.ts';
import { diskOption } from './disk-option.ts';
import { parseCommand } from './parse.ts';

const create = { words: ['NAME'], options: { disk: { kind: 'list', help: '' } } } as const;

describe('--disk', () => {
  it('is a path from the folder that the command is in, and what follows commas', () => {
    expect(diskOption('create', 'a.img')).toEqual({ source: resolve('a.img') });
    expect(diskOption('create', '/a.img,format=qcow2,ro')).toEqual({
      source: '/a.img',
      format: 'qcow2',
      readOnly: true,
    });
    expect(diskOption('create', '/a.img,size=64')).toEqual({ source: '/a.img', sizeMiB: 64 });
  });

  it('is a volume with one slash, an NBD address, or a path from here', () => {
    const source = (text: string): string => diskOption('create', text).source;
    expect(source('default/web1')).toBe('default/web1');
    expect(source('nbd://nas:10809/a/b')).toBe('nbd://nas:10809/a/b');
    for (const path of ['a', './a/b', '../a', 'a/b/c', './default/web1', '.pool/a']) {
      expect(source(path)).toBe(resolve(path));
    }
    expect(diskOption('create', 'default/a,size=8,on-error=report')).toEqual({
      source: 'default/a',
      sizeMiB: 8,
      onError: 'report',
    });
  });

  it.each([
    '/a,on-error=',
    '/a,on-error=ignore',
    '',
    ',ro',
    '/a,',
    '/a,rw',
    '/a,size',
    '/a,size=',
    '/a,size=-1',
    '/a,size=1e3',
    '/a,ro=1',
  ])('refuses %j', (text) => {
    expect(() => diskOption('create', text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('names the formats', () => {
    expect(() => diskOption('create', '/a,format=vmdk')).toThrow(/one of raw, qcow2, not "vmdk"/);
  });

  it('is a disk or a usage error, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(diskOption('create', text).source).toMatch(/^\/|^[^./]+[^/]*\/[^/]*$|^nbd:\/\//);
        } catch (error) {
          expect((error as DomusError).code).toBe('usage');
        }
      }),
    );
  });

  it('can be given several times, or not at all', () => {
    const taken = parseCommand('create', create, ['web1', '--disk', 'a', '--disk=b']);
    expect(taken.options.disk).toEqual(['a', 'b']);
    expect(parseCommand('create', create, ['web1']).options.disk).toEqual([]);
  });
});
