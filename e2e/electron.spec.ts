/** The desktop application in its real shell, wherever Electron's binary exists. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { _electron, expect, test } from '@playwright/test';
import type { ElectronApplication, Page } from '@playwright/test';

const root = join(import.meta.dirname, '..');
const electron = findElectron();
const main = join(root, 'dist', 'app', 'main.js');

test.skip('reason' in electron, 'reason' in electron ? electron.reason : '');
test.describe.configure({ mode: 'serial' });

let home: string;
let app: ElectronApplication;
let page: Page;

test.beforeAll(async () => {
  if (!('path' in electron)) return;
  expect(existsSync(main), 'build the program first: npm run build:app').toBe(true);
  home = mkdtempSync(join(tmpdir(), 'domus-electron-'));
  app = await _electron.launch({
    executablePath: electron.path,
    // Chromium's own sandbox refuses to run for root.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), root, '--home', home],
  });
  page = await app.firstWindow();
});

test.afterAll(async () => {
  if (!('path' in electron)) return;
  await app.close();
  rmSync(home, { recursive: true, force: true });
});

test('the window shows the hosts of a new home', async () => {
  await expect(page).toHaveTitle('Domus');
  expect(page.url()).toMatch(/^app:\/\/domus\//);
  await expect(page.getByText('alpha').first()).toBeVisible();
  await expect(page.getByText('beta').first()).toBeVisible();
});

test('the page has two functions of the shell and nothing of Node', async () => {
  const world = await page.evaluate(() => ({
    domus: Object.keys((globalThis as unknown as { domus: object }).domus).sort(),
    node: ['require', 'process', 'module', 'Buffer', '__dirname'].filter(
      (name) => name in globalThis,
    ),
  }));
  expect(world).toEqual({ domus: ['openApi', 'openConsole'], node: [] });
});

test('the page reaches nothing outside the application', async () => {
  const reached = await page.evaluate(async () => {
    const tries = ['https://www.debian.org/', 'http://127.0.0.1:8000/', 'file:///etc/hostname'];
    const answers = await Promise.allSettled(tries.map((address) => fetch(address)));
    return answers.filter(({ status }) => status === 'fulfilled').length;
  });
  expect(reached).toBe(0);
  expect(await page.evaluate(() => window.open('about:blank'))).toBeNull();
  await page.evaluate(() => (location.href = 'https://www.debian.org/'));
  expect(page.url()).toMatch(/^app:\/\/domus\//);
});

test('permissions other than the clipboard are refused', async () => {
  const state = await page.evaluate(
    async () => (await navigator.permissions.query({ name: 'geolocation' })).state,
  );
  expect(state).toBe('denied');
});

test('a reload brings the same hosts', async () => {
  await page.reload();
  await expect(page.getByText('alpha').first()).toBeVisible();
});

/**
 * Electron's program, found as the package `electron` finds it. Importing that package is no way
 * to ask: it would try a download.
 */
function findElectron(): { path: string } | { reason: string } {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return { reason: 'the package "electron" is not installed' };
  }
  const named = join(folder, 'path.txt');
  const name = existsSync(named) ? readFileSync(named, 'utf8') : undefined;
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const dist = override ?? join(folder, 'dist');
  const path = (name ?? override) ? join(dist, name ?? 'electron') : undefined;
  if (path !== undefined && existsSync(path)) return { path };
  return {
    reason: `Electron's binary is not on this machine (${path ?? named} is missing)`,
  };
}
