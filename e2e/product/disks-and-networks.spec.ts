/** The views of disks and networks before real guests that use them: what a person sees, and can do with keys. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import type { BrowserContext, Page } from '@playwright/test';
import { fileURLToPath } from 'node:url';
import type { DevicesPage } from '../pages/devices-page.ts';
import { SitePage } from '../pages/site-page.ts';
import { factsOf, startBusySite } from './busy-site.ts';
import type { DomainFacts } from './busy-site.ts';
import type { Daemon } from './daemon.ts';

const SCREENSHOTS =
  process.env['DOMUS_SCREENSHOTS'] ??
  fileURLToPath(new URL('../../test-results/screenshots', import.meta.url));
const SETTLES = { timeout: 60_000 };
const LOOKS = [
  { colorScheme: 'light', viewport: { width: 1024, height: 700 } },
  { colorScheme: 'dark', viewport: { width: 1024, height: 700 } },
  { colorScheme: 'light', viewport: { width: 2560, height: 1440 } },
  { colorScheme: 'dark', viewport: { width: 2560, height: 1440 } },
] as const;
type Look = (typeof LOOKS)[number];

test.describe.configure({ mode: 'serial', timeout: 300_000 });

let daemon: Daemon;
let web1: DomainFacts;

test.beforeAll(async () => {
  test.setTimeout(900_000);
  daemon = await startBusySite();
  web1 = await factsOf(daemon, 'web1');
});

test.afterAll(async () => {
  await daemon.stop();
});

for (const look of LOOKS) {
  test.describe(`${look.viewport.width} pixels wide, ${look.colorScheme}`, () => {
    test.use(look);

    test('a disk shows what it is and what goes through it now', async ({ page }) => {
      const site = await openSite(page);
      const devices = await site.openDevices('web1', 'xvda');
      const [disk] = web1.disks;
      await expect(devices.fact('Content')).toContainText(disk!.source);
      await expect(devices.fact('Format')).toContainText(disk!.format);
      await expect(devices.fact('Size')).toContainText('64 MiB');
      await expectRate(devices, 'xvda', 'Read', /[1-9][\d.]* (k|M)B\/s/);
      await expectRate(devices, 'xvda', 'Written', /[1-9][\d.]* (k|M)B\/s/);
      await expectCurve(devices, 'xvda');
      await expectWell(page, 'disk', look);
      await devices.fact('Content').getByRole('link', { name: disk!.source }).click();
      await expect(page.getByRole('heading', { name: 'default', level: 2 })).toBeVisible();
    });

    test('an interface shows its addresses, its traffic, and links to the guest', async ({
      page,
      context,
    }) => {
      const site = await openSite(page);
      const devices = await site.openDevices('web1', 'eth0');
      const [card] = web1.interfaces;
      await expect(devices.fact('Address')).toContainText(card!.address);
      await expect(devices.fact('MAC address')).toContainText(card!.mac);
      await expectRate(devices, 'eth0', 'Received', /[1-9][\d.]* (k|M)bit\/s/);
      await expectRate(devices, 'eth0', 'Sent', /[1-9][\d.]* (k|M)bit\/s/);
      await expectCurve(devices, 'eth0');
      const counters = devices.pane('eth0').getByRole('region', { name: 'Counters' });
      await expect(counters.getByRole('row', { name: /^Sent/ })).toContainText(/[1-9]/);
      const forwards = devices.pane('eth0').getByRole('region', { name: 'Forwards' });
      await expect(forwards).toContainText(/ssh -p \d+ root@127\.0\.0\.1/);
      await expectWell(page, 'interface', look);
      await expectAnswer(context, () => forwards.getByRole('link', { name: /^http:/ }).click());
    });

    test('pools show their volumes, how full they are, and who uses them', async ({ page }) => {
      const site = await openSite(page);
      const storage = await site.openStorage('default');
      await expect(storage.volume('web1.qcow2')).toContainText('64 MiB');
      await expect(storage.volume('web1.qcow2')).toContainText('base');
      await expect(storage.volume('base')).toContainText('1 overlay');
      await expect(storage.pane('default').getByRole('meter')).toHaveAttribute(
        'aria-valuetext',
        /used, .* by its volumes$/,
      );
      await expectWell(page, 'storage', look);
      await storage.choose('fast');
      await expect(storage.pane('fast')).toContainText('only alpha sees it');
      await expect(storage.volume('db1.raw')).toContainText('32 MiB');
      await expectWell(page, 'storage-local', look);
      await storage.volume('db1.raw').getByRole('link', { name: 'db1' }).click();
      await expect(page.getByRole('article', { name: 'db1' })).toBeVisible();
    });

    test('the map shows who is connected to what, and how much goes there now', async ({
      page,
      context,
    }) => {
      const site = await openSite(page);
      const networks = await site.openNetworks();
      const plugs = web1.interfaces.map(({ network, address }) => `${network} ${address}`);
      await expect(networks.guest('web1')).toHaveAccessibleName(
        `web1, Running: ${plugs.join(', ')}`,
      );
      await expect(networks.guest('lab1')).toHaveAccessibleName(/default .*, lab .*, public /);
      await expect(networks.map.getByRole('img', { name: /^Outside/ })).toBeVisible();
      for (const domain of ['web1', 'lab1']) {
        const rate = networks.guest(domain).locator('[data-rate]').first();
        await expect(rate).toContainText(/[1-9][\d.]* (k|M)bit\/s/, SETTLES);
        await expect(rate).toBeVisible();
      }
      const busy = networks.map.locator('line[data-lane][data-busy="true"]');
      await expect(busy).toHaveCount(2);
      await expect(networks.row('lab')).toContainText('2');
      await expectWell(page, 'networks', look);
      await page.getByRole('link', { name: /^http:/ }).scrollIntoViewIfNeeded();
      await page.screenshot({ path: pictureOf('networks-below', look) });
      await expectAnswer(context, () => page.getByRole('link', { name: /^http:/ }).click());
      const table = await networks.showAsTable();
      await expect(table.getByRole('row', { name: 'web1, eth0, default' })).toContainText(
        /[1-9][\d.]* (k|M)bit\/s/,
      );
      await expectWell(page, 'networks-table', look);
    });
  });
}

test('with the keyboard alone: from a disk to its interface, and through a link into the guest', async ({
  page,
  context,
}) => {
  const site = await openSite(page);
  const devices = await site.openDevices('web1', 'xvda');
  await page.keyboard.press('ArrowDown');
  await expect(devices.pane('eth0')).toBeVisible();
  await page.keyboard.press('ArrowUp');
  await expect(devices.pane('xvda')).toBeVisible();
  await page.keyboard.press('ArrowDown');
  const link = devices.pane('eth0').getByRole('link', { name: /^http:/ });
  await tabTo(page, link);
  await expectAnswer(context, () => page.keyboard.press('Enter'));
});

test('with the keyboard alone: from a pool to a volume, what can be done with it, and its user', async ({
  page,
}) => {
  const site = await openSite(page);
  const storage = await site.openStorage('default');
  await page.keyboard.press('ArrowDown');
  await expect(storage.pane('fast')).toBeVisible();
  await tabTo(page, storage.volume('db1.raw'));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menu', { name: 'db1.raw' })).toBeVisible();
  await page.keyboard.press('Escape');
  await tabTo(page, storage.volume('db1.raw').getByRole('link', { name: 'db1' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'db1' })).toBeVisible();
});

test('with the keyboard alone: over the map of networks, into a guest’s interfaces', async ({
  page,
}) => {
  const site = await openSite(page);
  const networks = await site.openNetworks();
  await tabTo(page, networks.guest('db1'));
  await page.keyboard.press('ArrowDown');
  await expect(networks.guest('web1')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(networks.guest('lab1')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'lab1' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Devices' })).toHaveAttribute('aria-selected', 'true');
});

async function openSite(page: Page): Promise<SitePage> {
  const site = new SitePage(page);
  await site.open(daemon.url);
  return site;
}

/** A figure of now, in the row of its word. */
async function expectRate(
  devices: DevicesPage,
  device: string,
  word: string,
  figure: RegExp,
): Promise<void> {
  const row = new RegExp(`${word}${figure.source}`);
  await expect(devices.pane(device)).toContainText(row, SETTLES);
}

/** Both curves are drawn, and at least one of them is no flat line. */
async function expectCurve(devices: DevicesPage, device: string): Promise<void> {
  const paths = devices.pane(device).locator('svg path[d]');
  await expect
    .poll(async () => {
      const drawn = await paths.evaluateAll((all) => all.map((path) => path.getAttribute('d')!));
      const heights = drawn.map((d) => new Set(d.match(/[\d.]+(?=\s|L|Z|$)/g)).size);
      return Math.max(0, ...heights);
    }, SETTLES)
    .toBeGreaterThan(3);
}

/** What a link opens is the page that the guest serves. */
async function expectAnswer(context: BrowserContext, follow: () => Promise<void>): Promise<void> {
  const opening = context.waitForEvent('page');
  await follow();
  const opened = await opening;
  await expect(opened.locator('body')).toHaveText('web1');
  await opened.close();
}

async function tabTo(page: Page, target: ReturnType<Page['locator']>): Promise<void> {
  const isThere = () => target.evaluate((element) => element === document.activeElement);
  for (let press = 0; press < 60; press++) {
    if (await isThere()) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${String(target)}`);
}

/** No accessibility fault, nothing to scroll sideways to; and a picture for those who want to see. */
async function expectWell(page: Page, view: string, look: Look): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
  const overflow = await page.evaluate(() =>
    [document.documentElement, document.querySelector('main')!].map(
      ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth,
    ),
  );
  expect(Math.max(...overflow)).toBeLessThanOrEqual(0);
  await page.screenshot({ path: pictureOf(view, look) });
}

function pictureOf(view: string, { viewport, colorScheme }: Look): string {
  return `${SCREENSHOTS}/product-${view}-${viewport.width}-${colorScheme}.png`;
}
