import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readDaemonInfo, removeDaemonInfo, writeDaemonInfo } from './daemon-info.ts';
import { createHome, resolveHome } from './home.ts';
import type { Home } from './home.ts';
import { lockHome } from './home-lock.ts';
import { killChild, startChild } from './testing/child.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

function home(): Home {
  const folder = temporaryFolder();
  const made = resolveHome({ home: folder, env: { DOMUS_CACHE: folder } });
  createHome(made);
  return made;
}

const holder = (at: Home): string => `
  import { createHome, resolveHome } from ${JSON.stringify(new URL('home.ts', import.meta.url).href)};
  import { lockHome } from ${JSON.stringify(new URL('home-lock.ts', import.meta.url).href)};
  import { writeDaemonInfo } from ${JSON.stringify(new URL('daemon-info.ts', import.meta.url).href)};
  const home = resolveHome({ home: ${JSON.stringify(at.folder)}, env: { DOMUS_CACHE: ${JSON.stringify(at.cache)} } });
  const lock = lockHome(home);
  writeDaemonInfo(home, { pid: process.pid, url: 'http://127.0.0.1:1234', token: 'secret' });
  console.log('ready');
  setInterval(() => lock, 1000);
`;

describe('one program a home', () => {
  test('a second one is refused with the pid and address of the first', async () => {
    const at = home();
    const child = await startChild(at.folder, holder(at));
    expect(() => lockHome(at)).toThrow(
      expect.objectContaining({
        code: 'home.in-use',
        data: { home: at.folder, pid: child.pid, url: 'http://127.0.0.1:1234' },
      }),
    );
  });

  test('the lock of a program that was killed is free at once', async () => {
    const at = home();
    await killChild(await startChild(at.folder, holder(at)));
    const lock = lockHome(at);
    expect(readDaemonInfo(at)).toBeNull();
    lock.release();
  });

  test('a lock can be released and taken again', () => {
    const at = home();
    lockHome(at).release();
    lockHome(at).release();
  });
});

describe('how clients find the program', () => {
  test('what is written is read, by its owner only', () => {
    const at = home();
    const info = { pid: process.pid, url: 'http://127.0.0.1:1', token: 't' };
    writeDaemonInfo(at, info);
    expect(readDaemonInfo(at)).toEqual(info);
    expect(statSync(at.daemonInfo).mode & 0o777).toBe(0o600);
    removeDaemonInfo(at);
    expect(readDaemonInfo(at)).toBeNull();
  });

  test("another program's file is left alone", () => {
    const at = home();
    writeDaemonInfo(at, { pid: process.ppid, url: 'http://127.0.0.1:1', token: 't' });
    removeDaemonInfo(at);
    expect(readDaemonInfo(at)?.pid).toBe(process.ppid);
  });
});
