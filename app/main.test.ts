import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type * as StandIn from './testing/electron.ts';

const args = process.argv;
let electron: typeof StandIn;
let home: string;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'domus-main-'));
  process.argv = ['electron', '.', '--home', home];
  electron = await import('./testing/electron.ts');
  // The real one needs its binary. The packed program's test starts the whole.
  vi.doMock('electron', () => electron);
});

afterEach(() => {
  process.argv = args;
  rmSync(home, { recursive: true, force: true });
});

it('a second program for the same home leaves at once, with every wall up', async () => {
  electron.app.hasLock = false;
  await import('./main.ts');
  expect(await electron.app.exited.promise).toBe(0);
  expect(electron.app.sandboxed).toBe(true);
  expect(electron.protocol.schemes).toEqual([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  // The lock is one for each such folder, and so for each home.
  expect(electron.app.paths.get('userData')).toBe(join(home, 'desktop'));
  expect(statSync(join(home, 'desktop')).mode & 0o777).toBe(0o700);
  expect(electron.BrowserWindow.all).toEqual([]);
});
