import { linkSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { killChild, startChild } from '../testing/child.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { openDiskFile, realDiskPath } from './disk-file.ts';
import { DiskLocks } from './disk-locks.ts';

const user = { user: 'domain web1', home: '/homes/a' };
const other = { user: 'domain db1', home: '/homes/b' };

function scene(): {
  folder: string;
  path: string;
  locks: DiskLocks;
  key: (at?: string) => Promise<string>;
} {
  const folder = temporaryFolder();
  const path = join(folder, 'disk.img');
  writeFileSync(path, 'content');
  const key = async (at = path): Promise<string> => {
    const file = await openDiskFile(await realDiskPath(at), true);
    await file.handle.close();
    return file.key;
  };
  return { folder, path, locks: new DiskLocks(join(folder, 'locks')), key };
}

const holder = (folder: string, key: string, readOnly: boolean): string => `
  import { DiskLocks } from ${JSON.stringify(new URL('disk-locks.ts', import.meta.url).href)};
  const locks = new DiskLocks(${JSON.stringify(join(folder, 'locks'))});
  const release = locks.acquire({ key: ${JSON.stringify(key)}, path: 'disk.img' }, ${readOnly}, ${JSON.stringify(other)});
  console.log('ready');
  setInterval(() => release, 1000);
`;

describe('a disk’s file', () => {
  test('has one writer, and no reader beside it, whatever it is called', async () => {
    const { folder, path, locks, key } = scene();
    const release = locks.acquire({ key: await key(), path }, false, user);
    symlinkSync(path, join(folder, 'soft'));
    linkSync(path, join(folder, 'hard'));
    for (const name of ['soft', 'hard']) {
      for (const readOnly of [true, false]) {
        const file = { key: await key(join(folder, name)), path: join(folder, name) };
        expect(() => locks.acquire(file, readOnly, user)).toThrow(
          expect.objectContaining({
            code: 'disk.in-use',
            message: expect.stringContaining('in use by domain web1, which writes it') as string,
          }),
        );
      }
    }
    release();
    locks.acquire({ key: await key(), path }, false, user)();
    expect(readdirSync(join(folder, 'locks')).filter((name) => name.endsWith('.json'))).toEqual([]);
  });

  test('is shared by readers, and by no writer until the last of them is gone', async () => {
    const { path, locks, key } = scene();
    const file = { key: await key(), path };
    const first = locks.acquire(file, true, user);
    const second = locks.acquire(file, true, user);
    first();
    expect(() => locks.acquire(file, false, user)).toThrow(/in use by domain web1, which reads it/);
    second();
    locks.acquire(file, false, user)();
  });

  test.each([true, false])(
    'that another process has (to read: %s) is free when that is killed, and not before',
    async (readOnly) => {
      const { folder, path, locks, key } = scene();
      const file = { key: await key(), path };
      const child = await startChild(folder, holder(folder, file.key, readOnly));
      expect(() => locks.acquire(file, false, user)).toThrow(
        expect.objectContaining({
          data: { path, user: 'domain db1', home: '/homes/b', pid: child.pid },
        }),
      );
      await killChild(child);
      locks.acquire(file, false, user)();
    },
  );
});
