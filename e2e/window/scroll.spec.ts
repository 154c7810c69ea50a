/** In a long list rows that are scrolled out give their elements to rows that are scrolled in. */
import type { Locator } from '@playwright/test';
import { expect, test } from './fixture.ts';

test.use({ siteOptions: ['--domains', '600', '--hosts', '2'] });

/** In the order that a screen reader is told. */
function rowsOf(grid: Locator) {
  return grid.evaluate((element) => {
    const ids = element.querySelector('[role=rowgroup]')!.getAttribute('aria-owns')!.split(' ');
    return ids.map((id) => {
      const row = document.getElementById(id)!;
      return {
        index: Number(row.ariaRowIndex),
        top: row.offsetTop,
        label: row.ariaLabel!.split(', ')[0],
        name: row.querySelector('a')!.textContent,
        slider: row.querySelector('input')!.ariaLabel!.replace('Memory of ', ''),
        more: row.querySelector('[aria-label^="More"]')!.ariaLabel!.replace('More for ', ''),
      };
    });
  });
}

test('after any scroll a row is all of one domain, in order', async ({ site }) => {
  const grid = site.host('alpha').getByRole('grid');
  await grid.waitFor();
  for (const top of [400, 1300, 1100, 5000, 700, 0]) {
    await grid.evaluate((element, to) => (element.scrollTop = to), top);
    const visible = await grid.evaluate((element) => Math.floor(element.scrollTop / 32) + 1);
    await expect
      .poll(async () => (await rowsOf(grid)).some(({ index }) => index === visible))
      .toBe(true);
    const rows = await rowsOf(grid);
    for (const { label, name, slider, more, index, top: at } of rows) {
      expect([name, slider, more]).toEqual([label, label, label]);
      expect(at).toBe((index - 1) * 32);
    }
    expect(rows.map(({ index }) => index)).toEqual(
      rows.map(({ index }) => index).toSorted((a, b) => a - b),
    );
  }
});

test('a control with the focus keeps it and its row, however far the list scrolls', async ({
  site,
  page,
}) => {
  const grid = site.host('alpha').getByRole('grid');
  const slider = grid.getByRole('slider').nth(4);
  await slider.click();
  const label = await slider.getAttribute('aria-label');
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  for (const top of [2000, 2500, 0]) {
    await grid.evaluate((element, to) => (element.scrollTop = to), top);
    await expect
      .poll(async () => (await rowsOf(grid)).some((row) => row.top > top && row.top < top + 600))
      .toBe(true);
    expect(await focused()).toBe(label);
  }
});
