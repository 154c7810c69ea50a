import { expect, test } from './fixture.ts';

test('checkpoints stand as a tree, with pictures and where the domain goes on from', async ({
  site,
  page,
}) => {
  const domain = await site.openDomain('web1');
  await domain.tab('Checkpoints').click();
  const rows = page.getByRole('list', { name: 'Checkpoints of web1' }).getByRole('listitem');
  await expect(rows).toHaveText([/fresh install/, /with the new kernel/, /before the upgrade/]);
  await expect(rows.nth(2)).toContainText('web1 goes on from here');
  await expect(rows.nth(0).getByRole('img')).toHaveAccessibleName(/root@web1/);
  const lefts = await rows.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().x));
  expect(lefts[1]).toBeGreaterThan(lefts[0]!);
  expect(lefts[2]).toBe(lefts[0]);
});

test('one is made with a label, and the list follows', async ({ site, page }) => {
  const domain = await site.openDomain('web1');
  await domain.tab('Checkpoints').click();
  await page.getByRole('textbox', { name: 'Label' }).fill('before the test');
  await page.keyboard.press('Enter');
  const made = page.getByRole('listitem', { name: 'before the test' });
  await expect(made).toContainText('goes on from here');
  await expect(page.getByRole('textbox', { name: 'Label' })).toHaveValue('');
});

test('going back is asked about, and moves the mark; deleting keeps the children', async ({
  site,
  page,
}) => {
  const domain = await site.openDomain('web1');
  await domain.tab('Checkpoints').click();
  await page.getByRole('button', { name: 'Revert to fresh install' }).click();
  const question = page.getByRole('alertdialog');
  await expect(question).toContainText('Lost is what web1 has in memory');
  await expect(question.getByRole('button', { name: 'Leave it as it is' })).toBeFocused();
  await question.getByRole('button', { name: 'Revert' }).click();
  const base = page.getByRole('listitem', { name: 'fresh install' });
  await expect(base).toContainText('goes on from here');
  await page.getByRole('button', { name: 'Delete fresh install' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(base).toHaveCount(0);
  await expect(page.getByRole('listitem', { name: 'with the new kernel' })).toBeVisible();
});

test('a saved domain says so, and its main button is Restore', async ({ site, page }) => {
  await site.chooseFromRowMenu('cache1', 'Save');
  const domain = await site.openDomain('cache1');
  await expect(domain.button('Restore').first()).toBeVisible();
  await domain.button('Restore').first().click();
  await expect(domain.button('Pause')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a clone is asked for by its name', async ({ site, page }) => {
  await site.chooseFromRowMenu('cache1', 'Clone…');
  const dialog = page.getByRole('dialog', { name: 'Clone cache1' });
  await expect(dialog.getByRole('textbox', { name: 'Name of the clone' })).toHaveValue(
    'cache1-copy',
  );
  await dialog.getByRole('button', { name: 'Clone' }).click();
  await expect(site.row('cache1-copy')).toBeVisible();
});
