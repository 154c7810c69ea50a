import { CHROMIUM } from '../chromium.ts';
import { ConsolePage } from '../pages/console-page.ts';
import { expect, test } from './fixture.ts';

// Without WebGL the terminal is elements, whose text can be read.
test.use({ launchOptions: { ...CHROMIUM, args: [...CHROMIUM.args!, '--disable-3d-apis'] } });

test('what is typed is echoed', async ({ site }) => {
  const console = await site.openConsole('cache1');
  await console.connected();
  await console.type('good evening');
  await expect(console.screen).toContainText('good evening');
});

test('the screen survives a tab switch, and a reload', async ({ site, page }) => {
  const console = await site.openConsole('cache1');
  await console.connected();
  await console.type('uname');
  await expect(console.screen).toContainText('Linux cache1');
  await page.getByRole('tab', { name: 'Overview' }).click();
  await expect(console.screen).toHaveCount(0);
  await page.getByRole('tab', { name: 'Console' }).click();
  await expect(console.screen).toContainText('Linux cache1');
  await page.reload();
  await expect(console.screen).toContainText('Linux cache1');
});

test('a search counts what it finds', async ({ site, page }) => {
  const console = await site.openConsole('cache1');
  await console.connected();
  await console.type('seq 30');
  await expect(console.screen).toContainText('30');
  await expect(await console.search('29')).toHaveText('1 of 1');
  await page.keyboard.press('Escape');
  await expect(console.input).toBeFocused();
});

test('Ctrl-Shift-C copies the selection, Ctrl-Shift-V pastes', async ({ site, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const console = await site.openConsole('cache1');
  await console.connected();
  const line = console.screen.getByText('Welcome to cache1');
  await line.dblclick({ position: { x: 4, y: 6 }, force: true });
  await page.keyboard.press('Control+Shift+C');
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('Welcome');
  await page.evaluate(() => navigator.clipboard.writeText('pasted words'));
  await page.keyboard.press('Control+Shift+V');
  await expect(console.screen).toContainText('pasted words');
});

test('a flood comes through to its end', async ({ site }) => {
  const console = await site.openConsole('cache1');
  await console.connected();
  await console.type('flood');
  await console.type('after the flood');
  await expect(console.screen).toContainText('after the flood', { timeout: 30_000 });
});

test('several consoles stand side by side and are typed into apart', async ({ site, page }) => {
  await site.chooseFromRowMenu('cache1', 'Show among consoles');
  await page.getByRole('button', { name: 'Add console' }).click();
  await page.getByRole('menuitem', { name: 'db1' }).click();
  const first = new ConsolePage(page.getByRole('region', { name: 'cache1' }));
  const second = new ConsolePage(page.getByRole('region', { name: 'db1' }));
  await first.connected();
  await second.connected();
  await second.type('uname');
  await expect(second.screen).toContainText('Linux db1');
  await expect(first.screen).not.toContainText('Linux');
});

test('a console opens in a window of its own', async ({ site, page }) => {
  await site.openConsole('cache1');
  const opened = page.waitForEvent('popup');
  await page.getByRole('button', { name: 'Open in a window of its own' }).click();
  const popup = await opened;
  const console = new ConsolePage(popup.getByRole('main', { name: 'Console of cache1' }));
  await console.connected();
  await console.type('uname');
  await expect(console.screen).toContainText('Linux cache1');
});

test('a domain that is off says so, and can be run from there', async ({ site, page }) => {
  const console = await site.openConsole('queue1');
  await expect(page.getByRole('article')).toBeVisible();
  const domain = await site.openDomain('lab2');
  await expect(domain.article).toContainText('lab2 is crashed');
  await domain.article.getByRole('button', { name: 'Restart' }).first().click();
  await expect(domain.article).toContainText('Running on beta');
  await expect(console.place).toHaveCount(0);
});
