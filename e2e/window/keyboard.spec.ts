import { expect, test } from './fixture.ts';

test('j and k walk the domains, Enter opens one', async ({ site, page }) => {
  await site.row('db2').waitFor();
  await page.keyboard.press('j');
  await expect(site.row('db2')).toBeFocused();
  await page.keyboard.press('j');
  await expect(site.row('mail1')).toBeFocused();
  await page.keyboard.press('k');
  await expect(site.row('db2')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'db2' })).toBeVisible();
});

test('a row is one stop for Tab, its controls follow, Escape comes back', async ({
  site,
  page,
}) => {
  await site.row('db2').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Drag db2' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(site.memory('db2')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'More for db2' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(site.row('db2')).toBeFocused();
  await page.keyboard.press('End');
  await expect(site.row('web1')).toBeFocused();
});

test('the slash searches, and every list narrows', async ({ site, page }) => {
  await site.row('db2').waitFor();
  await page.keyboard.press('/');
  await expect(site.search).toBeFocused();
  await page.keyboard.type('web');
  await expect(site.row('web1')).toBeVisible();
  await expect(site.row('db2')).toHaveCount(0);
  await expect(site.tree.getByRole('row', { name: /^db2/ })).toHaveCount(0);
  await expect(page.getByText('Nothing found here')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(site.row('db2')).toBeVisible();
});

test('the palette finds a domain and does something with it', async ({ site, page }) => {
  await site.row('web1').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('web1 pause');
  await expect(page.getByRole('menuitem', { name: 'web1: Pause' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(
    site.page.getByRole('main').getByRole('row', { name: 'web1, Paused' }),
  ).toBeVisible();
});

test('the question mark lists the keys', async ({ site, page }) => {
  await site.row('web1').waitFor();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('F6 goes round the parts of the window', async ({ site, page }) => {
  await site.row('web1').waitFor();
  const region = () =>
    page.evaluate(() => document.activeElement?.closest('[data-region]')?.tagName ?? '');
  const visited: string[] = [];
  for (let step = 0; step < 4; step++) {
    await page.keyboard.press('F6');
    visited.push(await region());
  }
  expect(new Set(visited)).toEqual(new Set(['NAV', 'HEADER', 'MAIN', 'FOOTER']));
});

test('the tree is walked with the arrows and opened with Enter', async ({ site, page }) => {
  const alpha = site.tree.getByRole('row', { name: 'alpha' });
  await alpha.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(alpha).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'db2' })).toBeVisible();
});

test('a console gives the keyboard back', async ({ site, page }) => {
  const console = await site.openConsole('cache1');
  await console.connected();
  await expect(console.input).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('F6');
  await expect(console.input).toBeFocused();
  await page.keyboard.press('Control+Shift+Escape');
  await expect(console.input).not.toBeFocused();
  await expect(page.getByRole('tab', { name: 'Console' })).toBeFocused();
});
