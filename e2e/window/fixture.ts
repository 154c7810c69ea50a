/** A test with the built window before a synthetic site of its own; a page's error fails it. */
import { expect, test as base } from '@playwright/test';
import { SitePage } from '../pages/site-page.ts';
import { type RunningSite, startSyntheticSite } from '../synthetic-site/start.ts';

interface Fixture {
  /** Options of the synthetic site. */
  readonly siteOptions: readonly string[];
  readonly running: RunningSite;
  readonly site: SitePage;
}

export const test = base.extend<Fixture>({
  siteOptions: [['--domains', '12', '--hosts', '3'], { option: true }],
  running: async ({ siteOptions }, use) => {
    const running = await startSyntheticSite(...siteOptions);
    await use(running);
    await running.stop();
  },
  site: async ({ page, running }, use) => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      // Chromium notes every refused connection by itself, also those that a test wants.
      const isExpected = /WebSocket connection|Failed to load resource/.test(message.text());
      if (message.type() === 'error' && !isExpected) errors.push(message.text());
    });
    const site = new SitePage(page);
    await site.open(running.url);
    await use(site);
    expect(errors).toEqual([]);
  },
});

export { expect };
