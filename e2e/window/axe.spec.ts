import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import type { SitePage } from '../pages/site-page.ts';
import { expect, test } from './fixture.ts';

// Most of the suite's time is this file's, and each of its tests has a site of its own.
test.describe.configure({ mode: 'parallel' });
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
  checkpoints: async (site, page) => {
    await (await site.openDomain('web1')).tab('Checkpoints').click();
    await page.getByRole('listitem', { name: 'fresh install' }).waitFor();
  },
  'no checkpoints': async (site) => (await site.openDomain('cache1')).tab('Checkpoints').click(),
  'going back': async (site, page) => {
    await (await site.openDomain('web1')).tab('Checkpoints').click();
    await page.getByRole('button', { name: 'Revert to fresh install' }).click();
  },
  cloning: async (site) => site.chooseFromRowMenu('cache1', 'Clone…'),
  images: async (_site, page) => page.getByRole('link', { name: 'Images' }).click(),
  'a disk': async (site) => void (await site.openDevices('db1', 'xvdb')),
  'an interface': async (site) => void (await site.openDevices('web2', 'eth0')),
  'adding a disk': async (site) => {
    await (await site.openDevices('cache1')).add('Add disk');
  },
  storage: async (site) => (await site.openStorage()).volume('web2.qcow2').waitFor(),
  'a volume menu': async (site) => (await site.openStorage()).openMenu('web2.qcow2'),
  networks: async (site) => (await site.openNetworks()).guest('web2').waitFor(),
  'networks as a table': async (site) => {
    await (await site.openNetworks()).showAsTable();
  },
  'a new network': async (site, page) => {
    await site.openNetworks();
    await page.getByRole('button', { name: 'Add network' }).click();
  },
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
  'a move under way': async (site) => {
    await site.dragOver('cache1', 'alpha');
    await site.drop();
    await site.movePanel('cache1').chart.waitFor();
  },
  'a move as a table': async (site) => {
    await site.dragOver('cache1', 'alpha');
    await site.drop();
    const panel = site.movePanel('cache1');
    await panel.ended();
    await panel.lookAs('Table');
  },
  'the moves of a domain': async (site) => {
    await site.dragOver('cache1', 'alpha');
    await site.drop();
    await site.movePanel('cache1').ended();
    await (await site.openDomain('cache1')).tab('Moves').click();
  },
  'a move with options': async (site, page) => {
    await site.chooseToMove('cache1', 'With options…');
    await page.getByText('Limit how long it may stand still').click();
  },
  'no moves': async (site) => (await site.openDomain('db1')).tab('Moves').click(),
  'the palette': async (_site, page) => page.keyboard.press('Control+k'),
  'a row menu': async (site) =>
    site.row('cache1').getByRole('button', { name: 'More for cache1' }).click(),
  'a failure': async (site) => {
    await site.dragOver('cache1', 'gamma');
    await site.drop();
    await site.notices.waitFor();
  },
};

for (const [view, visit] of Object.entries(VIEWS)) {
  test(`${view} has no accessibility violation`, async ({ site, page }) => {
    await visit(site, page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(200); // colours fade for 120 ms after a change
      const axe = new AxeBuilder({ page });
      // The same elements: what differs is how they contrast.
      if (colorScheme === 'dark') axe.withRules(['color-contrast']);
      const { violations } = await axe.analyze();
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`),
        colorScheme,
      ).toEqual([]);
    }
  });
}
