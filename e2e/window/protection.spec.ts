import { expect, test } from './fixture.ts';

test('a domain is protected from its menu, shows its standby, and is let go again', async ({
  site,
  page,
}) => {
  await site.row('web1').getByRole('button', { name: 'More for web1' }).click();
  await page.getByRole('menuitem', { name: 'Protect on' }).hover();
  await page.getByRole('menuitem', { name: 'beta' }).click();
  await expect(site.strip).toContainText('Protecting web1 on beta');
  await expect(site.row('web1')).toContainText('protected on beta');
  await site.row('web1').dblclick({ position: { x: 150, y: 10 } });
  await page.getByRole('tab', { name: 'Overview' }).click();
  const section = page.getByRole('region', { name: 'Protection' });
  await expect(section).toContainText(/\d+ a second/);
  await expect(section).toContainText('less than 2 s ago');
  await section.getByRole('button', { name: 'End protection' }).click();
  await expect(section).toHaveCount(0);
});
