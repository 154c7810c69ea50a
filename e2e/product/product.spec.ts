/** The window in front of the product: real guests, their consoles, their memory, their moves. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CHROMIUM } from '../chromium.ts';
import { ConsolePage } from '../pages/console-page.ts';
import { SitePage } from '../pages/site-page.ts';
import type { Daemon } from './daemon.ts';
import { startDaemon } from './daemon.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../docs/screenshots', import.meta.url));
const SETTLES = { timeout: 60_000 };

// Without WebGL the terminal is elements, whose text can be read.
test.use({ launchOptions: { ...CHROMIUM, args: [...CHROMIUM.args!, '--disable-3d-apis'] } });
test.describe.configure({ mode: 'serial', timeout: 300_000 });

let daemon: Daemon;

test.beforeAll(async () => {
  test.setTimeout(900_000);
  mkdirSync(SCREENSHOTS, { recursive: true });
  daemon = await startDaemon();
  for (const [name, host, ...devices] of [
    ['web1', 'alpha', '--net', 'default'],
    ['db1', 'alpha', '--disk', 'default/db1.qcow2,size=64'],
    ['lab', 'beta', '--net', 'default'],
  ] as const) {
    await daemon.domus('create', name, '--host', host, ...devices);
  }
});

test.afterAll(async () => {
  await daemon.stop();
});

test('shows two hosts with their running domains', async ({ page }) => {
  const site = new SitePage(page);
  await site.open(daemon.url);
  await expect(site.host('alpha').getByRole('row', { name: /^web1, running/i })).toBeVisible();
  await expect(site.host('beta').getByRole('row', { name: /^lab, running/i })).toBeVisible();
  await expect(site.host('alpha')).toContainText('128 of 128 MiB');
});

test('opens a shell on each guest', async ({ page }) => {
  const site = new SitePage(page);
  await site.open(daemon.url);
  for (const name of ['web1', 'lab']) {
    const console = await site.openConsole(name);
    await console.connected();
    await console.type('echo answer-$((6 * 7)) on $(hostname)');
    await expect(console.screen).toContainText(`answer-42 on ${name}`, SETTLES);
  }
});

test('shows the same screen after a reload', async ({ page }) => {
  const site = new SitePage(page);
  await site.open(daemon.url);
  const before = await site.openConsole('web1');
  await before.connected();
  await before.type('echo kept-$((1000 + 1))');
  await expect(before.screen).toContainText('kept-1001', SETTLES);
  await page.reload();
  const after = new ConsolePage(page.getByRole('article', { name: 'web1' }));
  await after.connected();
  await expect(after.screen).toContainText('kept-1001', SETTLES);
});

test('a guest’s memory follows its slider', async ({ page }) => {
  const site = new SitePage(page);
  await site.open(daemon.url);
  const slider = site.memory('db1');
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(site.row('db1')).not.toContainText('128 of 128 MiB', SETTLES);
  await page.keyboard.press('End');
  await expect(site.row('db1')).toContainText('128 of 128 MiB', SETTLES);
  const info = JSON.parse(await daemon.domus('--json', 'info', 'db1')) as {
    memory: { actualKiB: number; targetKiB: number };
  };
  expect(info.memory.actualKiB).toBe(info.memory.targetKiB);
});

test('a volume made in the window is a disk in the guest', async ({ page }) => {
  const site = new SitePage(page);
  await site.open(daemon.url);
  const devices = await site.openDevices('db1');
  await expect(devices.fact('Content')).toContainText('default/db1.qcow2');
  const form = await devices.add('Add disk');
  await form.getByRole('textbox', { name: 'Size' }).fill('1');
  await form.getByRole('button', { name: 'Attach' }).click();
  await expect(devices.item('xvdb')).toContainText('1 GiB', SETTLES);
  expect(await daemon.domus('exec', 'db1', '--', 'cat /sys/block/xvdb/size')).toBe('2097152\n');
  await devices.choose('xvdb');
  await devices.pane('xvdb').getByRole('button', { name: 'Detach xvdb' }).click();
  await expect(devices.item('xvdb')).toHaveCount(0, SETTLES);
});

test('a link of the window leads to a server in a guest, which finds another by its name', async ({
  page,
}) => {
  const site = new SitePage(page);
  await site.open(daemon.url);
  await daemon.domus('exec', 'web1', '--', 'mkdir /www; httpd -h /www; hostname >/www/index.html');
  expect(await daemon.domus('exec', 'lab', '--', 'wget -qO - http://web1/')).toBe('web1\n');
  await daemon.domus('forward', 'add', '0', 'web1:80');
  const devices = await site.openDevices('web1', 'eth0');
  const link = devices.pane('eth0').getByRole('link', { name: /^http:/ });
  const address = await link.getAttribute('href');
  expect(await (await fetch(address!)).text()).toBe('web1\n');
});

test('a domain dragged to the other host goes on counting there', async ({ page }) => {
  const site = new SitePage(page);
  await site.open(daemon.url);
  const console = await site.openConsole('web1');
  await console.connected();
  await console.type('i=0; while sleep 0.2; do i=$((i+1)); echo turn-$i; done');
  await expect(console.screen).toContainText('turn-5', SETTLES);
  await page
    .getByRole('row', { name: 'Site' })
    .or(page.getByRole('link', { name: 'Site' }))
    .first()
    .click();
  await site.dragOver('web1', 'beta');
  await expect(site.host('beta')).toContainText('Move web1 to beta');
  await site.drop();
  await expect(site.notices).toContainText(/Moved web1 to beta, \d+ ms down/, SETTLES);
  await expect(site.host('beta').getByRole('row', { name: /^web1/ })).toBeVisible();
  const there = await site.openConsole('web1');
  await expect(there.screen).toContainText('turn-', SETTLES);
  const turns = (await there.screen.innerText()).match(/turn-(\d+)/g) ?? [];
  const last = Number(turns.at(-1)?.slice(5));
  await expect(there.screen).toContainText(`turn-${last + 5}`, SETTLES);
  await there.input.focus();
  await page.keyboard.press('Control+C');
  await there.type('uptime');
  await expect(there.screen).toContainText('load average', SETTLES);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`has no accessibility fault and looks as the README says (${colorScheme})`, async ({
    browser,
  }) => {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width: 1280, height: 800 },
    });
    const page = await context.newPage();
    const site = new SitePage(page);
    await site.open(daemon.url);
    await expect(site.row('web1')).toContainText('MiB');
    const faults = await new AxeBuilder({ page }).analyze();
    expect(faults.violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
    await page.screenshot({ path: `${SCREENSHOTS}/site-${colorScheme}.png` });
    const console = await site.openConsole('lab');
    await console.connected();
    await console.type('clear; uname -a; cat /sys/hypervisor/type; free -m');
    await expect(console.screen).toContainText('Swap', SETTLES);
    await page.screenshot({ path: `${SCREENSHOTS}/console-${colorScheme}.png` });
    const networks = await site.openNetworks();
    await expect(networks.guest('web1')).toBeVisible();
    await page.screenshot({ path: `${SCREENSHOTS}/networks-${colorScheme}.png` });
    await context.close();
  });
}
