import { expect, test } from './fixture.ts';

test('the map says of every domain what it is connected to', async ({ site }) => {
  const networks = await site.openNetworks();
  await expect(networks.guest('web1')).toHaveAccessibleName(
    'web1, Running: lan 10.77.0.2, dmz 10.77.1.2',
  );
  await expect(networks.guest('queue1')).toHaveAccessibleName('queue1, Running: on no network');
  await expect(networks.guest('mail1')).toHaveAccessibleName(/unplugged$/);
  await expect(networks.map.getByRole('img', { name: /^Outside/ })).toBeVisible();
});

test('lines show the traffic of the last second', async ({ site }) => {
  const networks = await site.openNetworks();
  const busy = networks.map.locator('line[data-lane][data-busy="true"]');
  await expect(busy.first()).toBeAttached({ timeout: 20_000 });
  await expect(busy.first()).toHaveCSS('stroke-dasharray', '7px, 3px');
});

test('the map is one stop for Tab, walked with the arrows, opened with Enter', async ({
  site,
  page,
}) => {
  const networks = await site.openNetworks();
  await networks.guest('db2').focus();
  await page.keyboard.press('ArrowDown');
  await expect(networks.guest('mail1')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(networks.guest('db1')).toBeFocused();
  await page.keyboard.press('Home');
  await expect(networks.guest('cache1')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'cache1' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Devices' })).toHaveAttribute('aria-selected', 'true');
});

test('a table says the same', async ({ site }) => {
  const networks = await site.openNetworks();
  const table = await networks.showAsTable();
  const row = table.getByRole('row', { name: 'web1, eth1, dmz' });
  await expect(row).toContainText('10.77.1.2');
  await expect(row).toContainText('bit/s');
});

test('a network is added, opened to the outside, and removed', async ({ site, page }) => {
  const networks = await site.openNetworks();
  await page.getByRole('button', { name: 'Add network' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add network' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('test');
  await dialog.getByRole('textbox', { name: 'Subnet' }).fill('10.9.0.0');
  await dialog.getByRole('button', { name: 'Add network' }).click();
  await expect(dialog).toContainText('A subnet is written 10.0.0.0/24');
  await dialog.getByRole('textbox', { name: 'Subnet' }).fill('10.9.0.0/24');
  await dialog.getByRole('button', { name: 'Add network' }).click();
  await expect(networks.row('test')).toContainText('10.9.0.1');
  await networks
    .row('test')
    .getByRole('combobox', { name: 'Kind of test' })
    .selectOption('outside');
  // Only of an outside network is this a switch.
  const reaches = networks.row('test').getByRole('switch', { name: 'test reaches this machine' });
  await expect(reaches).toBeAttached();
  await networks.row('test').getByText('no', { exact: true }).click();
  await expect(networks.row('test')).toContainText('yes');
  await networks.row('test').getByRole('button', { name: 'More for test' }).click();
  await page.getByRole('menuitem', { name: 'Remove network' }).click();
  await expect(networks.row('test')).toHaveCount(0);
});

test('a network that domains are on cannot be removed, and says so', async ({ site, page }) => {
  const networks = await site.openNetworks();
  await networks.row('lan').getByRole('button', { name: 'More for lan' }).click();
  const removal = page.getByRole('menuitem', { name: 'Remove network' });
  await expect(removal).toHaveAttribute('aria-disabled', 'true');
  await expect(removal).toContainText('6 interfaces are on it');
});

test('forwards, leases and captures of the whole site are listed', async ({ site, page }) => {
  const devices = await site.openDevices('web1', 'eth0');
  await devices.pane('eth0').getByRole('button', { name: 'Start capture' }).click();
  await site.openNetworks();
  await expect(page.getByRole('link', { name: 'http://127.0.0.1:8080' })).toBeVisible();
  await expect(page.getByRole('row', { name: '10.77.1.2, web1, dmz' })).toContainText(
    '00:16:3e:01:00:00',
  );
  const captures = page.getByRole('region', { name: 'Captures' });
  await expect(captures).toContainText('web1, eth0: under way');
  await captures.getByRole('button', { name: 'Stop' }).click();
  await expect(captures).toContainText('web1, eth0: ended');
});

test('a domain that loses an interface loses its line', async ({ site }) => {
  const networks = await site.openNetworks();
  await expect(networks.guest('web1')).toHaveAccessibleName(/dmz/);
  const devices = await site.openDevices('web1', 'eth1');
  await devices.pane('eth1').getByRole('button', { name: 'Detach eth1' }).click();
  await expect(devices.item('eth1')).toHaveCount(0);
  await site.openNetworks();
  await expect(networks.guest('web1')).toHaveAccessibleName('web1, Running: lan 10.77.0.2');
});

test('the palette opens a page and a device by an address', async ({ site, page }) => {
  await site.row('web1').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('10.77.1.2');
  await expect(page.getByRole('menuitem', { name: /web1: interface eth1/ })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'eth1' })).toBeVisible();
});

test.describe('a site without networks', () => {
  test.use({ siteOptions: ['--domains', '2', '--hosts', '1', '--bare'] });

  test('says what a network is, and adds one', async ({ site, page }) => {
    const networks = await site.openNetworks();
    await expect(page.getByText('No networks yet')).toBeVisible();
    await page.getByRole('main').getByRole('button', { name: 'Add network' }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('lan');
    await page.getByRole('dialog').getByRole('button', { name: 'Add network' }).click();
    await expect(networks.guest('web1')).toHaveAccessibleName('web1, Running: on no network');
  });
});
