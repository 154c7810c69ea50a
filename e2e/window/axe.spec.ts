import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import type { SitePage } from '../pages/site-page.ts';
import { expect, test } from './fixture.ts';

test.use({ siteOptions: ['--domains', '12', '--hosts', '3', '--was-running', '2'] });

type Visit = (site: SitePage, page: Page) => Promise<void>;

const VIEWS: Record<string, Visit> = {
  site: async (site) => site.row('cache1').waitFor(),
  console: async (site) => (await site.openConsole('cache1')).connected(),
  overview: async (site) => (await site.openDomain('cache1')).tab('Overview').click(),
  performance: async (site) => (await site.openDomain('cache1')).tab('Performance').click(),
  xen: async (site, page) => {
    await (await site.openDomain('cache1')).tab('Xen').click();
    await page.getByText('sched_op').waitFor();
  },
  images: async (_site, page) => page.getByRole('link', { name: 'Images' }).click(),
  consoles: async (site, page) => {
    await site.chooseFromRowMenu('cache1', 'Show among consoles');
    await page.getByRole('heading', { name: 'Consoles' }).waitFor();
  },
  tasks: async (site, page) => {
    await page.getByRole('button', { name: 'Start them again' }).click();
    await page.getByRole('main').getByRole('button').first().waitFor();
    await site.strip.getByRole('link', { name: 'Tasks' }).click();
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
  },
  events: async (_site, page) => page.getByRole('link', { name: 'Events' }).click(),
  'a new domain': async (_site, page) => page.getByRole('button', { name: 'New domain' }).click(),
  'forcing off': async (site) => site.chooseFromRowMenu('cache1', 'Force off…'),
  'the palette': async (_site, page) => page.keyboard.press('Control+k'),
  'a row menu': async (site) =>
    site.row('cache1').getByRole('button', { name: 'More for cache1' }).click(),
  'a failure': async (site) => {
    await site.dragOver('cache1', 'gamma');
    await site.drop();
    await site.notices.waitFor();
  },
};

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    for (const [view, visit] of Object.entries(VIEWS)) {
      test(`${view} has no accessibility violation`, async ({ site, page }) => {
        await visit(site, page);
        await page.waitForTimeout(200); // colours fade for 120 ms after a hover
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`),
        ).toEqual([]);
      });
    }
  });
}
