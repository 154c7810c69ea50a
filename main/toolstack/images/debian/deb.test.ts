import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAr, writeDeb, writeTar, type TarFile } from '../testing/deb-writer.ts';
import { readDeb } from './deb.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'domus-deb-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(bytes: Buffer): Promise<string> {
  const path = join(folder, 'package.deb');
  await writeFile(path, bytes);
  return path;
}
const deb = (files: TarFile[], compression?: 'gz' | 'zst'): Promise<Buffer> =>
  writeDeb({ name: 'x', version: '1', architecture: 'i386', files }, compression);
const everything = (): boolean => true;
const badPackage = expect.objectContaining({ code: 'image.bad-package' }) as Error;

describe('readDeb', () => {
  it.each(['gz', 'zst'] as const)(
    'reads the wanted files of a package compressed by %s',
    async (how) => {
      const bytes = await deb(
        [
          { path: './a', data: 'A' },
          { path: './b/c', data: 'C' },
        ],
        how,
      );
      const files = await readDeb(await file(bytes), (path) => path === 'b/c');
      expect([...files].map(([path, data]) => [path, data.toString()])).toEqual([['b/c', 'C']]);
    },
  );

  it('reads a package whose data are compressed by xz, as Debian’s are', async () => {
    // writeTar([{ path: './greeting', data: 'hello\n' }]) through xz --check=crc64
    const bytes = writeAr([
      ['debian-binary', Buffer.from('2.0\n')],
      ['data.tar.xz', Buffer.from(xzTar, 'base64')],
    ]);
    const files = await readDeb(await file(bytes), everything);
    expect(files.get('greeting')?.toString()).toBe('hello\n');
  });

  it('takes no file whose path leaves the root, and no link', async () => {
    const bytes = await deb([
      { path: '../up', data: 'x' },
      { path: './a/../../up', data: 'x' },
      { path: '/absolute', data: 'y' },
      { path: './link', type: 'symlink', linkname: '/etc/passwd' },
    ]);
    const files = await readDeb(await file(bytes), everything);
    expect([...files.keys()]).toEqual(['absolute']);
  });

  it('stops at a file or a total beyond the limits', async () => {
    const path = await file(
      await deb([
        { path: './a', data: Buffer.alloc(600) },
        { path: './b', data: Buffer.alloc(600) },
      ]),
    );
    const read = (maxFileBytes: number, maxTotalBytes: number): Promise<unknown> =>
      readDeb(path, everything, { limits: { maxFileBytes, maxTotalBytes } });
    await expect(read(599, 10_000)).rejects.toThrow(badPackage);
    await expect(read(600, 1199)).rejects.toThrow(badPackage);
    await expect(read(600, 1200)).resolves.toBeDefined();
  });

  it('refuses every truncation of a package, and never hangs on one', async () => {
    const bytes = await deb([{ path: './a', data: 'some text that is long enough' }]);
    for (let length = 0; length < bytes.length - 1; length += 7) {
      const path = await file(bytes.subarray(0, length));
      await expect(readDeb(path, everything), `${length} bytes`).rejects.toThrow(badPackage);
    }
  });

  it('refuses what is no package', async () => {
    await expect(readDeb(await file(Buffer.from('hello')), everything)).rejects.toThrow(badPackage);
    const tar = await writeTar([{ path: 'a' }]);
    await expect(readDeb(await file(tar), everything)).rejects.toThrow(badPackage);
    const odd = writeAr([
      ['debian-binary', Buffer.from('2.0\n')],
      ['data.tar.lzma', tar],
    ]);
    await expect(readDeb(await file(odd), everything)).rejects.toThrow(badPackage);
  });

  it('stops when it is cancelled', async () => {
    const path = await file(await deb([{ path: './a', data: Buffer.alloc(1 << 20) }]));
    await expect(readDeb(path, everything, { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
  });
});

const xzTar =
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Af/AEtdABcLyWfpiTaWEmOkFBINaE/UWNZZmDJdx7NESUrXzcbtDoPJfchtHQc8XP/WfXtCpnH03VDFtC3g8SEzvsOVu3XKC53HWNRQtOOiAAAANGoDoUusfF8AAWeAEAAAADIMWzexxGf7AgAAAAAEWVo=';
