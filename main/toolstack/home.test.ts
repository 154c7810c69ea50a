import { describe, expect, test } from 'vitest';
import { createHome, resolveHome, xenstoreSocket } from './home.ts';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { temporaryFolder } from './testing/temporary-folder.ts';

describe('where a site lives', () => {
  const user = { userFolder: '/home/ada', platform: 'linux' } as const;

  test('--home comes before DOMUS_HOME, and that before the platform', () => {
    const env = { DOMUS_HOME: '/from/env' };
    expect(resolveHome({ ...user, home: '/from/flag', env }).folder).toBe('/from/flag');
    expect(resolveHome({ ...user, env }).folder).toBe('/from/env');
    expect(resolveHome({ ...user, env: {} }).folder).toBe('/home/ada/.local/share/domus');
  });

  test('the cache is apart from the home, so that homes share it', () => {
    const one = resolveHome({ ...user, home: '/a', env: {} });
    const other = resolveHome({ ...user, home: '/b', env: {} });
    expect(one.cache).toBe(other.cache);
    expect(one.cache).toBe('/home/ada/.cache/domus');
    expect(resolveHome({ ...user, env: { DOMUS_CACHE: '/c' } }).cache).toBe('/c');
  });

  test('relative XDG folders are ignored, as their specification says', () => {
    const env = { XDG_DATA_HOME: 'relative', XDG_CACHE_HOME: '/absolute' };
    const home = resolveHome({ ...user, env });
    expect(home.folder).toBe('/home/ada/.local/share/domus');
    expect(home.cache).toBe('/absolute/domus');
  });

  test('macOS and Windows have their own folders', () => {
    const mac = resolveHome({ platform: 'darwin', userFolder: '/Users/ada', env: {} });
    expect(mac.folder).toBe('/Users/ada/Library/Application Support/Domus');
    const windows = resolveHome({ platform: 'win32', userFolder: '/u', env: {} });
    expect(windows.cache).toContain(join('Domus', 'Cache'));
  });

  test('a host has its xenstore socket in the home', () => {
    const home = resolveHome({ ...user, home: '/h', env: {} });
    expect(xenstoreSocket(home, 'alpha')).toBe('/h/xenstore-alpha.sock');
  });

  test('a folder that is a file is refused with its path', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(() => createHome(resolveHome({ home: file, env: { DOMUS_CACHE: file } }))).toThrow(
      expect.objectContaining({ code: 'home.unusable', data: { folder: file } }),
    );
  });

  test.runIf(process.platform === 'linux')('a place where no folder can be is refused', () => {
    const env = { DOMUS_CACHE: temporaryFolder() };
    const home = resolveHome({ home: '/proc/none/of/these', env });
    expect(() => createHome(home)).toThrow(
      expect.objectContaining({ code: 'home.unusable', data: { folder: home.folder } }),
    );
  });
});
