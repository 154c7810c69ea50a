import { expect, test } from './fixture.ts';

test('a drag says of every host whether it can take the domain, and what it costs', async ({
  site,
}) => {
  await site.dragOver('web1', 'beta');
  await expect(site.host('alpha')).toContainText('web1 is here');
  await expect(site.host('beta')).toContainText('Move web1 to beta');
  await expect(site.host('beta')).toContainText(/pages, stops for about \d+ ms/);
  await expect(site.host('gamma')).toContainText('gamma cannot take web1');
  await expect(site.host('gamma')).toContainText(/gamma has \d+ MiB free, web1 needs \d+ MiB/);
  await site.drop();
});

test('a drop moves the domain and states the downtime', async ({ site }) => {
  await site.dragOver('web1', 'beta');
  await site.drop();
  await expect(site.strip).toContainText('Moving web1 to beta');
  await expect(site.notices).toContainText(/Moved web1 to beta, \d+ ms down/);
  await expect(site.host('beta').getByRole('row', { name: /^web1/ })).toBeVisible();
  await expect(site.host('alpha').getByRole('row', { name: /^web1/ })).toHaveCount(0);
});

test('a drop on a host that cannot take it moves nothing and says why', async ({ site }) => {
  await site.dragOver('web1', 'gamma');
  await site.drop();
  await expect(site.notices).toContainText('web1 stays on alpha');
  await expect(site.notices).toContainText(/gamma has \d+ MiB free/);
  await expect(site.host('alpha').getByRole('row', { name: /^web1/ })).toBeVisible();
});

test('a domain is moved with the keyboard alone', async ({ site, page }) => {
  await site.row('web1').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const beta = page.getByRole('button', { name: /^Move web1 to beta: [\d\s]+ pages/ });
  for (let stop = 0; stop < 4; stop++) {
    if (await beta.evaluate((button) => button === document.activeElement)) break;
    await page.keyboard.press('Tab');
  }
  await expect(beta).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(site.notices).toContainText(/Moved web1 to beta/);
  await expect(site.host('beta').getByRole('row', { name: /^web1/ })).toBeVisible();
});

test('Escape ends a drag by keyboard and moves nothing', async ({ site, page }) => {
  await site.row('web1').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(site.row('web1')).toBeFocused();
  await expect(site.host('beta')).not.toContainText('Move web1 to beta');
});

test('Escape in the very moment in which a drag by keyboard begins ends it too', async ({
  site,
  page,
}) => {
  await site.row('web1').focus();
  await page.keyboard.press('Tab');
  await page.evaluate(() => {
    for (const key of ['Enter', 'Escape']) {
      for (const type of ['keydown', 'keyup']) {
        const options = { key, bubbles: true, cancelable: true };
        document.activeElement!.dispatchEvent(new KeyboardEvent(type, options));
      }
    }
  });
  await expect(site.row('web1')).toBeFocused();
  await expect(site.host('beta')).not.toContainText('Move web1 to beta');
});

test('the menu offers the same hosts, the full one with its reason', async ({ site, page }) => {
  await site.row('web1').getByRole('button', { name: 'More for web1' }).click();
  await page.getByRole('menuitem', { name: 'Move to' }).hover();
  const full = page.getByRole('menuitem', { name: 'gamma' });
  await expect(full).toHaveAttribute('aria-disabled', 'true');
  await expect(full).toContainText(/gamma has \d+ MiB free/);
  await page.getByRole('menuitem', { name: 'beta' }).click();
  await expect(site.notices).toContainText(/Moved web1 to beta/);
});
