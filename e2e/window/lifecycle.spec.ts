import { expect, test } from './fixture.ts';

test('a domain is created with a name alone, and opens', async ({ site, page }) => {
  await page.getByRole('button', { name: 'New domain' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New domain' });
  await expect(dialog).toContainText(/Now that is \w+, with \d+ MiB free/);
  await dialog.getByRole('textbox', { name: 'Name' }).fill('fresh1');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'fresh1' })).toContainText(/Running on \w+/);
  await expect(site.strip).toContainText('Created fresh1');
});

test('a creation that fails says why, there and in the history', async ({ site, page }) => {
  await page.getByRole('button', { name: 'New domain' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill('fails');
  await page.keyboard.press('Enter');
  await expect(site.notices).toContainText('did not answer within 30 s');
  await page.getByRole('button', { name: 'Close' }).click();
  await site.strip.getByRole('link', { name: 'Tasks' }).click();
  await expect(page.getByRole('main')).toContainText('Failed: Creating fails');
  await expect(page.getByRole('main')).toContainText('domain.guest-silent');
});

test('a name that is taken is refused in the dialog, which keeps what was typed', async ({
  page,
  site,
}) => {
  await site.row('web1').waitFor();
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'New domain' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('web1');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('There is a domain “web1” already');
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('web1');
});

test('a bad name is told before anything is sent', async ({ page, site }) => {
  await site.row('web1').waitFor();
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'New domain' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('no spaces!');
  await page.keyboard.press('Enter');
  await expect(dialog).toContainText('A name has letters, digits and hyphens');
});

test('the main button follows the state', async ({ site }) => {
  const domain = await site.openDomain('web1');
  await domain.article.getByRole('button', { name: 'Pause' }).click();
  await expect(domain.article).toContainText('Paused on alpha');
  await domain.article.getByRole('button', { name: 'Resume' }).first().click();
  await expect(domain.article).toContainText('Running on alpha');
  await domain.article.getByRole('button', { name: 'Shut down' }).click();
  await expect(domain.article).toContainText('Shut off on alpha');
  await domain.article.getByRole('button', { name: 'Run', exact: true }).first().click();
  await expect(domain.article).toContainText('Running on alpha');
});

test('forcing off says what is lost, and keeps it on Escape', async ({ site, page }) => {
  const domain = await site.openDomain('web1');
  await domain.choose('More ways to stop', 'Force off…');
  const question = page.getByRole('alertdialog', { name: 'Force off web1?' });
  await expect(question).toContainText(/Lost are \d+ MiB of memory/);
  await page.keyboard.press('Escape');
  await expect(domain.article).toContainText('Running on alpha');
  await domain.choose('More ways to stop', 'Force off…');
  await question.getByRole('button', { name: 'Force off' }).click();
  await expect(domain.article).toContainText('Shut off on alpha');
});

test('a deletion is not asked about but undone from the strip', async ({ site }) => {
  await site.chooseFromRowMenu('lab2', 'Delete');
  await expect(site.row('lab2')).toHaveCount(0);
  await expect(site.strip).toContainText('Deleted lab2');
  await site.strip.getByRole('button', { name: 'Undo' }).click();
  await expect(site.row('lab2')).toBeVisible();
});

test('a running domain is deleted only after a question', async ({ site, page }) => {
  await site.chooseFromRowMenu('web1', 'Delete…');
  const question = page.getByRole('alertdialog');
  await expect(question).toContainText('can be undone from the task strip');
  await question.getByRole('button', { name: 'Force off and delete' }).click();
  await expect(site.row('web1')).toHaveCount(0);
});

test('a domain is renamed', async ({ site, page }) => {
  await site.chooseFromRowMenu('web1', 'Rename…');
  await page.getByRole('textbox', { name: 'New name' }).fill('front1');
  await page.keyboard.press('Enter');
  await expect(site.row('front1')).toBeVisible();
});

test('a host is added and removed', async ({ site, page }) => {
  await page.getByRole('button', { name: 'Add host' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('delta');
  await page.getByRole('textbox', { name: 'Loss' }).fill('2.5');
  await page.keyboard.press('Enter');
  await expect(site.host('delta')).toContainText('No domains on delta');
  await site.host('delta').getByRole('button', { name: 'More for delta' }).click();
  await page.getByRole('menuitem', { name: 'Remove host' }).click();
  await expect(site.host('delta')).toHaveCount(0);
});

test('a host is drained, and takes domains again', async ({ site, page }) => {
  await site.host('gamma').getByRole('button', { name: 'More for gamma' }).click();
  await page.getByRole('menuitem', { name: 'Drain' }).click();
  await expect(site.host('gamma')).toContainText('drained');
  await expect(site.strip).toContainText(/Drained gamma \(\d+ domains? moved\)/);
  await expect(site.host('gamma')).toContainText('No domains on gamma');
  await page.getByRole('button', { name: 'New domain' }).first().click();
  await expect(page.getByRole('dialog', { name: 'New domain' })).not.toContainText('is gamma');
  await page.keyboard.press('Escape');
  await site.host('gamma').getByRole('button', { name: 'More for gamma' }).click();
  await page.getByRole('menuitem', { name: 'Take domains again' }).click();
  await expect(site.host('gamma')).not.toContainText('drained');
});

test('an import that fails says so, a good one shows in the list', async ({ site, page }) => {
  await site.page.getByRole('link', { name: 'Images' }).click();
  await page.getByRole('button', { name: 'Import…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('mine');
  await dialog.getByRole('textbox', { name: 'Kernel' }).fill('/etc/passwd');
  await dialog.getByRole('textbox', { name: 'Initrd' }).fill('/boot/initrd.img');
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(dialog.getByRole('alert')).toContainText('is not a Linux kernel');
  await dialog.getByRole('textbox', { name: 'Kernel' }).fill('/boot/vmlinuz');
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('row', { name: /mine/ })).toBeVisible();
});

test('a disk is imported as an image, and a domain of it gets a larger one', async ({
  site,
  page,
}) => {
  await site.page.getByRole('link', { name: 'Images' }).click();
  await page.getByRole('button', { name: 'Import…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('appliance');
  await dialog.getByText('Disk', { exact: true }).click();
  await expect(dialog.getByRole('textbox', { name: 'Kernel' })).toHaveCount(0);
  await dialog.getByRole('textbox', { name: 'Disk' }).fill('/srv/appliance.qcow2');
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('row', { name: /appliance/ })).toContainText('4 GiB');

  await page.getByRole('button', { name: 'New domain' }).click();
  await dialog.getByRole('button', { name: /Image/ }).click();
  await page.getByRole('option', { name: /appliance/ }).click();
  await expect(dialog.getByRole('textbox', { name: 'Root disk' })).toHaveValue('4');
});

test('an image is built, of the recipe that is chosen', async ({ site, page }) => {
  await site.page.getByRole('link', { name: 'Images' }).click();
  await page.getByRole('button', { name: 'Build…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Whole Debian').click();
  await expect(dialog).toContainText('ssh server');
  await dialog.getByRole('button', { name: 'Build', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(site.strip).toContainText('Building');
});

test.describe('after a stop of the program', () => {
  test.use({ siteOptions: ['--domains', '6', '--hosts', '2', '--was-running', '3'] });

  test('what was running is offered to be started again', async ({ site, page }) => {
    const banner = page.getByText('These were running when Domus stopped: db1, lab1, web1.');
    await expect(banner).toBeVisible();
    await page.getByRole('button', { name: 'Start them again' }).click();
    await expect(banner).toHaveCount(0);
    await expect(page.getByRole('main').getByRole('row', { name: 'web1, Running' })).toBeVisible();
    await expect(site.row('lab1')).toBeVisible();
  });
});
