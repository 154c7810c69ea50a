import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VolumeName } from '../../../shared/contract/index.ts';
import type { DomusError } from '../../../shared/errors.ts';
import { backingVolume, MOST_FILES, openChain } from './backing.ts';
import type { ChainFile, ChainTools } from './backing.ts';

/** Volumes whose headers name what they like; counts what is open. */
class Headers implements ChainTools<ChainFile> {
  readonly opened: string[] = [];
  readonly open_ = new Set<string>();
  private readonly backings: Readonly<Record<string, string | null>>;

  constructor(backings: Readonly<Record<string, string | null>>) {
    this.backings = backings;
  }

  open = async (name: string, isTop: boolean): Promise<ChainFile> => {
    expect(isTop).toBe(this.opened.length === 0);
    if (!Object.hasOwn(this.backings, name)) throw new Error(`there is no ${name}`);
    this.opened.push(name);
    this.open_.add(name);
    return { name, format: 'qcow2' };
  };
  describe = async ({ name }: ChainFile) => {
    const backing = this.backings[name] ?? null;
    return { bytes: 512, backing: backing === null ? null : { name: backing, format: 'raw' } };
  };
  close = async ({ name }: ChainFile): Promise<void> => {
    this.open_.delete(name);
  };
}

const chain = (backings: Record<string, string | null>, top = 'top'): Promise<ChainFile[]> =>
  openChain(top, 'pool/top', new Headers(backings));

describe('what an overlay lies over', () => {
  test('is the volume of that name beside it, and what that lies over', async () => {
    const files = await chain({ top: 'middle', middle: 'base', base: null });
    expect(files.map(({ name }) => name)).toEqual(['top', 'middle', 'base']);
  });

  test.each([
    '/etc/shadow',
    '../other/base',
    './base',
    'sub/base',
    '.hidden',
    'nbd://host/x',
    'json:{"driver":"file","filename":"/etc/shadow"}',
    'fat:/etc',
    'base\0',
    'base\n',
    'ba se',
    '',
    'x'.repeat(1000),
  ])('is never %j', async (name) => {
    const headers = new Headers({ top: name, base: null });
    await expect(openChain('top', 'pool/top', headers)).rejects.toMatchObject({
      code: 'volume.backing-outside',
    });
    expect(headers.opened).toEqual(['top']);
    expect(headers.open_.size).toBe(0);
  });

  test('ends: loops and endless chains are refused, and nothing is left open', async () => {
    await expect(chain({ top: 'top' })).rejects.toMatchObject({ code: 'volume.backing-loop' });
    await expect(chain({ top: 'a', a: 'b', b: 'a' })).rejects.toMatchObject({
      code: 'volume.backing-loop',
    });
    const deep: Record<string, string | null> = { top: 'v0' };
    for (let at = 0; at < 100; at++) deep[`v${at}`] = `v${at + 1}`;
    await expect(chain(deep)).rejects.toMatchObject({ code: 'volume.too-deep' });
    await expect(chain({ top: 'none' })).rejects.toThrow('there is no none');
  });

  test('whatever headers name: only names of volumes are opened, each once, and all are closed', async () => {
    const names = fc.oneof(
      fc.constantFrom('a', 'b', 'c', 'd', null, '../a', '/a', './b', 'a:b'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), names), async (map) => {
        const headers = new Headers({ ...map });
        try {
          const files = await openChain('a', 'pool/a', headers);
          expect(headers.open_.size).toBe(files.length);
        } catch {
          expect(headers.open_.size).toBe(0);
        }
        expect(new Set(headers.opened).size).toBe(headers.opened.length);
        expect(headers.opened.length).toBeLessThanOrEqual(MOST_FILES);
        for (const name of headers.opened) expect(VolumeName.safeParse(name).success).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        try {
          expect(backingVolume('pool/a', name)).not.toMatch(/[/\\:\0]/);
        } catch (error) {
          expect((error as DomusError).code).toBe('volume.backing-outside');
        }
      }),
    );
  });
});
