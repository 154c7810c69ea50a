/** A real move of a guest that writes its memory, watched: as it happens, and in its history. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CHROMIUM } from '../chromium.ts';
import { SitePage } from '../pages/site-page.ts';
import { MovePage } from '../pages/move-page.ts';
import type { Daemon } from './daemon.ts';
import { startDaemon } from './daemon.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../docs/screenshots', import.meta.url));
const SETTLES = { timeout: 120_000 };
/** Bytes a second. */
const LINK = '25000000';
/** So much that this link needs several rounds for it, and so little that they get shorter. */
const WRITER =
  'while :; do dd if=/dev/urandom of=/tmp/busy bs=64k count=16 conv=notrunc; dd if=/dev/urandom of=/tmp/busy2 bs=64k count=64 conv=notrunc; sleep 0.1; done >/dev/null 2>&1 &';
const SIZES = [
  { width: 1024, height: 700 },
  { width: 2560, height: 1440 },
] as const;

test.use({ launchOptions: CHROMIUM });
test.describe.configure({ mode: 'serial', timeout: 300_000 });

let daemon: Daemon;

test.beforeAll(async () => {
  test.setTimeout(900_000);
  mkdirSync(SCREENSHOTS, { recursive: true });
  daemon = await startDaemon();
  // The same two, with slower links.
  for (const name of ['alpha', 'beta']) {
    await daemon.domus('host', 'remove', name);
    await daemon.domus('host', 'add', name, '--memory', '1024', '--cpus', '2', '--bandwidth', LINK);
  }
  await daemon.domus('create', 'web1', '--host', 'alpha');
  await daemon.domus('exec', 'web1', '--', WRITER);
});

test.afterAll(async () => {
  await daemon.stop();
});

test('a drag shows its rounds, each after the other, and the stop that was measured', async ({
  page,
}) => {
  const site = new SitePage(page);
  await site.open(daemon.url);
  await site.dragOver('web1', 'beta');
  await expect(site.host('beta')).toContainText(/stops for about \d+ ms/);
  await site.drop();
  const panel = site.movePanel('web1');
  await expect(panel.row(/^1, under way/)).toBeAttached(SETTLES);
  await expect(panel.row(/^2/)).toBeAttached(SETTLES);
  await expect(panel.root).toContainText(/runs on beta\./, SETTLES);
  await expect(panel.row(/^Stop .* measured$/)).toBeAttached();
  expect(await panel.table.getByRole('row').count()).toBeGreaterThan(4);
});

test('Cancel in the middle of a round: it goes on where it is', async ({ page }) => {
  const site = new SitePage(page);
  await site.open(daemon.url);
  await site.dragOver('web1', 'alpha');
  await site.drop();
  const panel = site.movePanel('web1');
  await expect(panel.row(/^1, under way/)).toBeAttached(SETTLES);
  await panel.cancel.click();
  await expect(panel.root).toContainText('web1 goes on running on beta.', SETTLES);
  expect(await daemon.domus('exec', 'web1', '--', 'hostname')).toBe('web1\n');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`its history has both and no accessibility fault (${colorScheme})`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme, viewport: SIZES[0] });
    const page = await context.newPage();
    const site = new SitePage(page);
    await site.open(daemon.url);
    const domain = await site.openDomain('web1');
    await domain.tab('Moves').click();
    const list = page.getByRole('listbox', { name: 'Moves of web1' });
    await expect(list.getByRole('option').last()).toContainText(/alpha → beta.*\d+ ms down/);
    await expect(list.getByText('beta → alpha').first()).toBeVisible();
    await list.getByRole('option').last().click();
    await new MovePage(domain.article).chart.waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await page.screenshot({ path: test.info().outputPath(`history-${size.width}.png`) });
    }
    await context.close();
  });

  test(`looks as the README says while it goes on (${colorScheme})`, async ({ browser }) => {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width: 1280, height: 800 },
    });
    const page = await context.newPage();
    const site = new SitePage(page);
    await site.open(daemon.url);
    const { host } = JSON.parse(await daemon.domus('--json', 'info', 'web1')) as { host: string };
    await site.dragOver('web1', host === 'beta' ? 'alpha' : 'beta');
    await site.drop();
    const panel = site.movePanel('web1');
    await expect(panel.row(/^2/)).toBeAttached(SETTLES);
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await page.screenshot({ path: test.info().outputPath(`live-${size.width}.png`) });
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await panel.ended();
    await expect(site.notices).toHaveCount(0, { timeout: 20_000 });
    await page.screenshot({ path: `${SCREENSHOTS}/move-${colorScheme}.png` });
    await context.close();
  });
}
