import { startSyntheticSite } from '../synthetic-site/start.ts';
import { CHROMIUM } from '../chromium.ts';
import { expect, test } from './fixture.ts';

test.use({ launchOptions: { ...CHROMIUM, args: [...CHROMIUM.args!, '--disable-3d-apis'] } });

test('the token leaves the address at once, and a reload still works', async ({ site, page }) => {
  expect(page.url()).not.toContain('token');
  await page.reload();
  await expect(site.row('web1')).toBeVisible();
});

test('without a token the window says where to get one', async ({ running, page }) => {
  await page.goto(running.origin);
  await expect(page.getByRole('alert')).toContainText('This address has no token');
});

test('a wrong token is told from a server that is away', async ({ running, page }) => {
  await page.goto(`${running.origin}/#token=wrong`);
  await expect(page.getByRole('alert')).toContainText('does not accept this token');
});

test('a lost connection is said, and comes back by itself with all streams', async ({
  site,
  running,
  page,
}) => {
  const console = await site.openConsole('cache1');
  await console.connected();
  await running.stop();
  await expect(page.getByText('Disconnected.')).toBeVisible();
  await expect(page.getByText(/Disconnected, trying again/)).toBeVisible();
  await expect(page.getByRole('article', { name: 'cache1' })).toBeVisible();
  const again = await startSyntheticSite(
    ...['--domains', '12', '--hosts', '3', '--port', String(running.port)],
    ...['--token', running.token],
  );
  try {
    await expect(page.getByText('Disconnected.')).toHaveCount(0, { timeout: 20_000 });
    await console.connected();
    await console.type('back again');
    await expect(console.screen).toContainText('back again');
    await page.getByRole('link', { name: 'Site' }).first().click();
    await expect(site.row('cache1')).toContainText(/\d %/);
  } finally {
    await again.stop();
  }
});
