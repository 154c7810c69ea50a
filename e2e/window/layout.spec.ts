/** Every view at the smallest and the largest size, in light and dark, and in half a window; the pictures are kept. */
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import type { SitePage } from '../pages/site-page.ts';
import { expect, test } from './fixture.ts';

const FOLDER =
  process.env.DOMUS_SCREENSHOTS ??
  fileURLToPath(new URL('../../test-results/screenshots', import.meta.url));

const LOOKS = [
  { colorScheme: 'light', viewport: { width: 1024, height: 700 } },
  { colorScheme: 'dark', viewport: { width: 1024, height: 700 } },
  { colorScheme: 'light', viewport: { width: 2560, height: 1440 } },
  { colorScheme: 'dark', viewport: { width: 2560, height: 1440 } },
  // Half of a small screen.
  { colorScheme: 'light', viewport: { width: 600, height: 800 } },
] as const;

type Look = (typeof LOOKS)[number];

const VIEWS: Record<string, (site: SitePage, page: Page) => Promise<void>> = {
  site: async () => undefined,
  console: async (site) => {
    const console = await site.openConsole('web1');
    await console.connected();
    await console.type('help');
    await console.type('colours');
  },
  overview: async (site) => (await site.openDomain('web1')).tab('Overview').click(),
  performance: async (site) => (await site.openDomain('web1')).tab('Performance').click(),
  xen: async (site, page) => {
    await (await site.openDomain('web1')).tab('Xen').click();
    await page.getByText('sched_op').waitFor();
  },
  checkpoints: async (site) => (await site.openDomain('web1')).tab('Checkpoints').click(),
  moves: async (site) => (await site.openDomain('web1')).tab('Moves').click(),
  disk: async (site) => void (await site.openDevices('db1', 'xvdb')),
  interface: async (site) => void (await site.openDevices('web1', 'eth0')),
  'add-disk': async (site) => {
    await (await site.openDevices('web1')).add('Add disk');
  },
  storage: async (site) => void (await site.openStorage()),
  networks: async (site) => void (await site.openNetworks()),
  images: async (_site, page) => page.getByRole('link', { name: 'Images' }).click(),
  dialog: async (_site, page) => page.getByRole('button', { name: 'New domain' }).first().click(),
  palette: async (_site, page) => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('web');
  },
};

test.use({ siteOptions: ['--domains', '18', '--hosts', '3'] });

for (const [view, visit] of Object.entries(VIEWS)) {
  test(`${view} fits`, async ({ site, page }) => {
    await expect(site.row('web1')).toContainText('%');
    await visit(site, page);
    await page.waitForTimeout(2500); // for figures to be seen in the picture
    for (const look of LOOKS) {
      await page.emulateMedia({ colorScheme: look.colorScheme });
      await page.setViewportSize(look.viewport);
      await page.waitForTimeout(300); // terminals and curves take their new size a frame later
      await expectFit(page, view, look);
    }
  });
}

// A pointer that holds something does not move with the window: each size has a drag of its own.
for (const look of LOOKS) {
  test(`drag fits ${look.viewport.width}, ${look.colorScheme}`, async ({ site, page }) => {
    await page.emulateMedia({ colorScheme: look.colorScheme });
    await page.setViewportSize(look.viewport);
    await expect(site.row('web1')).toContainText('%');
    await site.dragOver('web1', 'beta');
    await expect(site.host('beta')).toContainText('pages');
    await expectFit(page, 'drag', look);
  });
}

async function expectFit(page: Page, view: string, { colorScheme, viewport }: Look): Promise<void> {
  const name = `${view}-${viewport.width}-${colorScheme}`;
  const overflow = await page.evaluate(() =>
    [document.documentElement, document.querySelector('main')!].map(
      ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth,
    ),
  );
  expect(Math.max(...overflow), name).toBeLessThanOrEqual(0);
  await page.screenshot({ path: `${FOLDER}/${name}.png` });
}
