import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from './fixture.ts';

test('pools tell their kind and room, volumes their size, base and users', async ({ site }) => {
  const storage = await site.openStorage();
  await expect(storage.pools.getByRole('option', { name: 'beta-local' })).toContainText(
    'local, beta',
  );
  await expect(
    storage.pane('shared').getByRole('meter', { name: 'Room of shared' }),
  ).toHaveAttribute('aria-valuetext', /used, .* by its volumes/);
  await expect(storage.volume('web1.qcow2')).toContainText('debian-12.qcow2');
  await expect(storage.volume('debian-12.qcow2')).toContainText('12 overlays');
  await storage.volume('web1.qcow2').getByRole('link', { name: 'web1' }).click();
  await expect(site.page.getByRole('tab', { name: 'Devices' })).toHaveAttribute(
    'aria-selected',
    'true',
  );
});

test('a volume is made, grown, copied and deleted', async ({ site, page }) => {
  const storage = await site.openStorage('alpha-local');
  await storage.pane('alpha-local').getByRole('button', { name: 'New volume' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('scratch.qcow2');
  await page.getByRole('textbox', { name: 'Size' }).fill('1.5');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(storage.volume('scratch.qcow2')).toContainText('1.5 GiB');
  await storage.chooseFromMenu('scratch.qcow2', 'Grow…');
  await page.getByRole('textbox', { name: 'New size' }).fill('3');
  await page.getByRole('button', { name: 'Grow' }).click();
  await expect(storage.volume('scratch.qcow2')).toContainText('3 GiB');
  await storage.chooseFromMenu('scratch.qcow2', 'Copy…');
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(storage.volume('scratch-2.qcow2')).toContainText('3 GiB');
  await storage.chooseFromMenu('scratch.qcow2', 'Delete…');
  const question = page.getByRole('alertdialog');
  await expect(question).toContainText('Lost for good');
  await question.getByRole('button', { name: 'Delete' }).click();
  await expect(storage.volume('scratch.qcow2')).toHaveCount(0);
});

test('an overlay has at least the size of what it lies over', async ({ site, page }) => {
  const storage = await site.openStorage();
  await storage.chooseFromMenu('debian-12.qcow2', 'New overlay over it…');
  const dialog = page.getByRole('dialog', { name: 'New overlay over shared/debian-12.qcow2' });
  await expect(dialog).toContainText('At least 4 GiB');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(storage.volume('debian-12-2.qcow2')).toContainText('debian-12.qcow2');
});

test('what is used can be neither grown nor deleted, and its user is named', async ({
  site,
  page,
}) => {
  const storage = await site.openStorage();
  await storage.openMenu('web1.qcow2');
  const deletion = page.getByRole('menuitem', { name: 'Delete…' });
  await expect(deletion).toHaveAttribute('aria-disabled', 'true');
  await expect(deletion).toContainText('It is used by web1.');
});

test('a volume that is broken says why', async ({ site }) => {
  const storage = await site.openStorage();
  await expect(storage.volume('broken.qcow2')).toContainText('Its header is not that of a qcow2');
});

test('a pool is added and removed; one in use is refused with the name of the user', async ({
  site,
  page,
}) => {
  const storage = await site.openStorage();
  await page.getByRole('button', { name: 'Add pool' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('fast');
  await page.getByRole('dialog').getByText('Local', { exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Add pool' }).click();
  await expect(storage.pane('fast')).toContainText('Local: only alpha sees it');
  await expect(page.getByText('No volumes in fast')).toBeVisible();
  await page.getByRole('button', { name: 'More for fast' }).click();
  await page.getByRole('menuitem', { name: 'Remove pool' }).click();
  await expect(storage.pools.getByRole('option', { name: 'fast' })).toHaveCount(0);
  await page.getByRole('button', { name: 'More for shared' }).click();
  await page.getByRole('menuitem', { name: 'Remove pool' }).click();
  await expect(site.notices).toContainText(/\w+ uses shared\//);
});

test('a file is uploaded as what its first bytes say, and downloaded as it was', async ({
  site,
  page,
}) => {
  const storage = await site.openStorage('beta-local');
  const content = Buffer.from([0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3, 9, 9, 9]);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Upload' }).click();
  const file = { name: 'My disk.img', mimeType: 'application/octet-stream', buffer: content };
  await (await chooser).setFiles(file);
  await expect(storage.volume('My-disk.img')).toContainText('qcow2');
  await expect(storage.transfers).toHaveCount(0);
  const download = page.waitForEvent('download');
  await storage.chooseFromMenu('My-disk.img', 'Download');
  expect(await readFile(await (await download).path())).toEqual(content);
});

test('a file that is dropped on a pool is uploaded to it', async ({ site, page }) => {
  const storage = await site.openStorage('beta-local');
  const box = (await storage.pane('beta-local').boundingBox())!;
  const file = test.info().outputPath('dropped.raw');
  await writeFile(file, 'raw bytes');
  const session = await page.context().newCDPSession(page);
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    session.send('Input.dispatchDragEvent', {
      type,
      x: box.x + box.width / 2,
      y: box.y + box.height / 2,
      data: { items: [], files: [file], dragOperationsMask: 1 },
    });
  await drag('dragEnter');
  await drag('dragOver');
  await expect(page.getByText('Drop it to upload it to beta-local')).toBeVisible();
  await drag('drop');
  await expect(storage.volume('dropped.raw')).toContainText('raw');
});

test('an upload that is refused stays with its reason until it is dismissed', async ({
  site,
  page,
}) => {
  await page.route('**/content?*', (route) =>
    route.fulfill({
      status: 409,
      contentType: 'application/json',
      body: JSON.stringify({ code: 'pool.full', message: 'There is no room in beta-local.' }),
    }),
  );
  const storage = await site.openStorage('beta-local');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Upload' }).click();
  await (await chooser).setFiles({ name: 'a.raw', mimeType: 'x/x', buffer: Buffer.from('x') });
  await expect(storage.transfers).toContainText('There is no room in beta-local.');
  await storage.transfers.getByRole('button', { name: 'Dismiss' }).click();
  await expect(storage.transfers).toHaveCount(0);
});

test('volumes are searched, walked and opened with the keyboard', async ({ site, page }) => {
  const storage = await site.openStorage();
  await storage.volume('web1.qcow2').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('web');
  await expect(storage.volume('db1.qcow2')).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(storage.volume('web1.qcow2')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menu', { name: 'web1.qcow2' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(storage.volume('web1.qcow2')).toBeFocused();
});

test.describe('a site without pools', () => {
  test.use({ siteOptions: ['--domains', '2', '--hosts', '1', '--bare'] });

  test('says what a pool is, and adds one', async ({ site, page }) => {
    await site.openStorage();
    await expect(page.getByText('No storage pools yet')).toBeVisible();
    await page.getByRole('main').getByRole('button', { name: 'Add pool' }).click();
    await expect(page.getByRole('dialog', { name: 'Add pool' })).toBeVisible();
  });
});
