import { expect, test } from './fixture.ts';

test('a disk shows its content, its live rates, and when each value holds', async ({ site }) => {
  const devices = await site.openDevices('web1');
  const pane = devices.pane('xvda');
  await expect(pane).toContainText(/Read\s*\d+.*B\/s.*requests\/s/);
  await expect(devices.fact('Content')).toContainText('shared/web1.qcow2');
  await expect(devices.fact('Size')).toContainText(/4 GiB.*now/);
  await expect(devices.fact('Format')).toContainText(/qcow2.*fixed/);
  await pane.getByRole('link', { name: 'shared/web1.qcow2' }).click();
  await expect(site.page.getByRole('heading', { name: 'shared' })).toBeVisible();
});

test('of a domain that is off every value holds at the next start', async ({ site }) => {
  const devices = await site.openDevices('build1', 'eth0');
  await expect(devices.fact('Cable')).toContainText('at next start');
  await expect(devices.pane('eth0')).toContainText('plugged in at the next start');
});

test('a new volume is attached and shows in the list at once', async ({ site }) => {
  const devices = await site.openDevices('web1');
  const form = await devices.add('Add disk');
  await expect(form.getByRole('textbox', { name: 'Name' })).toHaveValue('web1-data.qcow2');
  await form.getByRole('textbox', { name: 'Size' }).fill('2');
  await form.getByRole('button', { name: 'Attach' }).click();
  await expect(devices.item('xvdb')).toContainText('2 GiB');
  await expect(form.getByRole('status')).toContainText('Attached xvdb to web1');
});

test('a volume that is used stays to be seen, with its user, and cannot be chosen', async ({
  site,
  page,
}) => {
  const devices = await site.openDevices('web1');
  const form = await devices.add('Add disk');
  await form.getByText('Volume', { exact: true }).click();
  await form.getByRole('button', { name: /Volume$/ }).click();
  const used = page.getByRole('option', { name: /^shared\/db1.qcow2/ });
  await expect(used).toHaveAttribute('aria-disabled', 'true');
  await expect(used).toContainText('used by db1');
  await page.getByRole('option', { name: /^shared\/installer.raw/ }).click();
  await form.getByRole('button', { name: 'Attach' }).click();
  await expect(devices.item('xvdb')).toContainText('installer.raw');
});

test('a path that is not there is refused beside the button, and what was typed stays', async ({
  site,
}) => {
  const devices = await site.openDevices('web1');
  const form = await devices.add('Add disk');
  await form.getByText('Path', { exact: true }).click();
  await form.getByRole('textbox', { name: 'Path' }).fill('/nowhere/disk.raw');
  await form.getByRole('button', { name: 'Attach' }).click();
  await expect(form.getByRole('alert')).toContainText('There is no /nowhere/disk.raw');
  await expect(form.getByRole('textbox', { name: 'Path' })).toHaveValue('/nowhere/disk.raw');
});

test('a disk grows in place', async ({ site }) => {
  const devices = await site.openDevices('web1');
  await devices.fact('Size').getByRole('button', { name: 'Grow…' }).click();
  await devices.fact('Size').getByRole('textbox', { name: 'New size' }).fill('6');
  await devices.fact('Size').getByRole('button', { name: 'Grow', exact: true }).click();
  await expect(devices.fact('Size')).toContainText('6 GiB');
});

test('where the guest does not let go of a disk, the pane says what to do', async ({ site }) => {
  const devices = await site.openDevices('web1');
  await devices.pane('xvda').getByRole('button', { name: 'Detach xvda' }).click();
  const refusal = devices.pane('xvda').getByRole('alert').filter({ hasText: 'did not let go' });
  await expect(refusal).toContainText('unmount what lies on /dev/xvda');
  await refusal.getByRole('button', { name: 'Open its console' }).click();
  await expect(site.page.getByRole('tab', { name: 'Console' })).toHaveAttribute(
    'aria-selected',
    'true',
  );
});

test('a data disk is detached', async ({ site }) => {
  const devices = await site.openDevices('db1', 'xvdb');
  await devices.pane('xvdb').getByRole('button', { name: 'Detach xvdb' }).click();
  await expect(devices.item('xvdb')).toHaveCount(0);
  await expect(devices.pane('xvda')).toBeVisible();
});

test('the cable of an interface is pulled and plugged', async ({ site }) => {
  const devices = await site.openDevices('web1', 'eth0');
  const cable = devices.fact('Cable');
  await cable.getByText('Plugged in').click();
  await expect(cable).toContainText('Pulled out');
  await expect(devices.item('eth0')).toContainText('unplugged');
  await cable.getByText('Pulled out').click();
  await expect(cable).toContainText('Plugged in');
});

test('the MAC address is copied', async ({ site, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const devices = await site.openDevices('web1', 'eth1');
  await devices.fact('MAC address').getByRole('button').click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe('00:16:3e:01:00:00');
});

test('an interface is limited, and let go again', async ({ site }) => {
  const devices = await site.openDevices('web1', 'eth0');
  const limits = devices.fact('Limits');
  await limits.getByRole('button', { name: 'Change…' }).click();
  await limits.getByRole('textbox', { name: 'Sends at most' }).fill('8');
  await limits.getByRole('button', { name: 'Limit' }).click();
  await expect(limits).toContainText('sends at most 8 Mbit/s');
  await limits.getByRole('button', { name: 'Change…' }).click();
  await limits.getByRole('textbox', { name: 'Sends at most' }).fill('');
  await limits.getByRole('button', { name: 'Limit' }).click();
  await expect(limits).toContainText('none: as fast as it goes');
});

test('access rules are a draft until they are saved; news do not erase it', async ({ site }) => {
  const devices = await site.openDevices('web1', 'eth0');
  const rules = devices.pane('eth0').getByRole('region', { name: 'Access rules' });
  await rules.getByRole('button', { name: 'Add rule' }).click();
  const port = rules.getByRole('textbox', { name: "Guest's ports of rule 4" });
  await port.fill('99999');
  await expect(rules.getByRole('alert').first()).toContainText('A port is written 80');
  await expect(rules.getByRole('button', { name: 'Save rules' })).toBeDisabled();
  await port.fill('8000-8100');
  // The domain itself changes meanwhile.
  await devices.fact('Cable').getByText('Plugged in').click();
  await expect(devices.fact('Cable')).toContainText('Pulled out');
  await expect(port).toHaveValue('8000-8100');
  await rules.getByRole('button', { name: 'Save rules' }).click();
  await expect(rules.getByRole('button', { name: 'Save rules' })).toHaveCount(0);
  await expect(port).toHaveValue('8000-8100');
});

test('forwards are links where a browser can open them; one is added and removed', async ({
  site,
}) => {
  const devices = await site.openDevices('web1', 'eth0');
  const forwards = devices.pane('eth0').getByRole('region', { name: 'Forwards' });
  await expect(forwards.getByRole('link', { name: 'http://127.0.0.1:8080' })).toHaveAttribute(
    'href',
    'http://127.0.0.1:8080/',
  );
  await expect(forwards).toContainText('ssh -p 2222 root@127.0.0.1');
  await forwards.getByRole('button', { name: 'Add forward' }).click();
  await forwards.getByRole('textbox', { name: "Guest's port" }).fill('443');
  await forwards.getByRole('button', { name: 'Forward', exact: true }).click();
  await expect(forwards.getByRole('link', { name: 'https://127.0.0.1:20000' })).toBeVisible();
  await forwards.getByRole('button', { name: 'Remove the forward of port 20000' }).click();
  await expect(forwards.getByRole('link', { name: 'https://127.0.0.1:20000' })).toHaveCount(0);
});

test('a capture counts frames while it runs, and says where its file is', async ({ site }) => {
  const devices = await site.openDevices('web1', 'eth0');
  const capture = devices.pane('eth0').getByRole('region', { name: 'Capture' });
  await capture.getByRole('button', { name: 'Start capture' }).click();
  await expect(capture).toContainText(/[1-9]\d* frames in .*web1-eth0\.pcap/);
  await capture.getByRole('button', { name: 'Stop capture' }).click();
  await expect(capture).toContainText('The last one: 1\u202f893 frames');
});

test('counters tell frames, bytes and drops with their reasons', async ({ site }) => {
  const devices = await site.openDevices('web1', 'eth0');
  const counters = devices.pane('eth0').getByRole('region', { name: 'Counters' });
  await expect(counters.getByRole('row', { name: /^Sent/ })).toContainText('3 spoofed mac');
});

test('an interface is attached and detached', async ({ site }) => {
  const devices = await site.openDevices('queue1');
  await expect(devices.item('eth0')).toHaveCount(0);
  const form = await devices.add('Add interface');
  await form.getByRole('button', { name: 'Attach' }).click();
  await expect(devices.item('eth0')).toContainText('lan · 10.77.0.');
  await devices.choose('eth0');
  await devices.pane('eth0').getByRole('button', { name: 'Detach eth0' }).click();
  await expect(devices.item('eth0')).toHaveCount(0);
});

test('devices are walked with the arrow keys, and one has an address of its own', async ({
  site,
  page,
}) => {
  const devices = await site.openDevices('web1', 'xvda');
  await page.keyboard.press('ArrowDown');
  await expect(devices.pane('eth0')).toBeVisible();
  expect(page.url()).toMatch(/devices\/eth0$/);
  await page.reload();
  await expect(devices.pane('eth0')).toBeVisible();
});

test('a domain is created on a network with a disk', async ({ site, page }) => {
  await page.getByRole('button', { name: 'New domain' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New domain' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('fresh1');
  await expect(dialog.getByRole('button', { name: /Network/ })).toContainText('lan');
  await dialog.getByRole('button', { name: 'Add disk' }).click();
  const disk = dialog.getByRole('group', { name: 'Disk xvda' });
  await expect(disk.getByRole('textbox', { name: 'Name' })).toHaveValue('fresh1.qcow2');
  await dialog.getByRole('button', { name: 'Create and run' }).click();
  await expect(page.getByRole('article', { name: 'fresh1' })).toContainText(/Running on \w+/);
  const devices = await site.openDevices('fresh1');
  await expect(devices.item('xvda')).toContainText('8 GiB · fresh1.qcow2');
  await expect(devices.item('eth0')).toContainText('lan');
});
