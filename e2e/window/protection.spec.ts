import { expect, test } from './fixture.ts';

test('a domain is protected from its menu, shows its standby, and is let go again', async ({
  site,
  page,
}) => {
  await page.getByRole('button', { name: 'New domain' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill('fresh1');
  await page.keyboard.press('Enter');
  const article = page.getByRole('article', { name: 'fresh1' });
  await expect(article).toContainText(/Running on \w+/);
  await article.getByRole('button', { name: 'More for fresh1' }).click();
  await page.getByRole('menuitem', { name: 'Protect on' }).hover();
  const hosts = page.getByRole('menu', { name: 'Protect on' });
  const host = (await hosts.getByRole('menuitem').first().textContent())!.trim();
  await hosts.getByRole('menuitem').first().click();
  await expect(site.strip).toContainText(`Protecting fresh1 on ${host}`);
  await expect(article).toContainText(`protected on ${host}`);
  await article.getByRole('tab', { name: 'Overview' }).click();
  const section = page.getByRole('region', { name: 'Protection' });
  await expect(section).toContainText(/\d+ a second/);
  await expect(section).toContainText('less than 2 s ago');
  await section.getByRole('button', { name: 'End protection' }).click();
  await expect(section).toHaveCount(0);
  await expect(article).not.toContainText('protected on');
});

test('one whose disk only its host sees is not offered a standby, with the reason', async ({
  site,
  page,
}) => {
  await site.row('db1').getByRole('button', { name: 'More for db1' }).click();
  await page.getByRole('menuitem', { name: 'Protect on' }).hover();
  const hosts = page.getByRole('menu', { name: 'Protect on' }).getByRole('menuitem');
  await expect(hosts.first()).toHaveAttribute('aria-disabled', 'true');
  await expect(hosts.first()).toContainText(
    /its disk xvdb is in pool \w+-local, which only \w+ sees/,
  );
});

test('one with shared disks is offered one', async ({ site, page }) => {
  await site.row('web1').getByRole('button', { name: 'More for web1' }).click();
  await page.getByRole('menuitem', { name: 'Protect on' }).hover();
  const hosts = page.getByRole('menu', { name: 'Protect on' }).getByRole('menuitem');
  await expect(hosts.first()).not.toHaveAttribute('aria-disabled', 'true');
});
