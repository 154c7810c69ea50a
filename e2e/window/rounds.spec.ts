import { MovePage } from '../pages/move-page.ts';
import { expect, test } from './fixture.ts';

test('a drop shows the rounds as they happen and takes no focus', async ({ site, page }) => {
  await site.row('db1').focus();
  await site.dragOver('web1', 'beta');
  await site.drop();
  const panel = site.movePanel('web1');
  await expect(panel.root.getByRole('heading')).toContainText('Moving web1 to beta');
  await expect(panel.row(/^1, under way/)).toBeAttached();
  expect(await panel.root.evaluate((root) => root.contains(document.activeElement))).toBe(false);
  await expect(panel.row(/^1 /)).toBeAttached();
  await expect(panel.root).toContainText(/A stop now would take about \d+ ms/);
  await panel.ended();
  await expect(panel.root.getByRole('heading')).toContainText(
    /web1 moved to beta\s*\d+ ms down, 3/,
  );
  await expect(panel.root).toContainText(/web1 stood still for \d+ ms and runs on beta\./);
  await expect(panel.cancel).toHaveCount(0);
  await panel.close.click();
  await expect(panel.root).toHaveCount(0);
  await expect(page.getByRole('main')).toBeFocused();
});

test('its Cancel leaves the domain where it is and says so', async ({ site }) => {
  await site.dragOver('web1', 'beta');
  await site.drop();
  const panel = site.movePanel('web1');
  await panel.row(/^\d, under way/).waitFor({ state: 'attached' });
  await panel.cancel.click();
  await expect(panel.root).toContainText('web1 goes on running on alpha.');
  await expect(panel.root.getByRole('heading')).toContainText('was cancelled');
  await expect(site.host('alpha').getByRole('row', { name: /^web1/ })).toBeVisible();
});

test('the rounds are walked with the keyboard, and read', async ({ site, page }) => {
  await site.dragOver('web1', 'beta');
  await site.drop();
  const panel = site.movePanel('web1');
  await panel.ended();
  await panel.chart.focus();
  await expect(panel.chart).toHaveAttribute('aria-valuetext', /^Stop: \d+ ms measured/);
  await page.keyboard.press('Home');
  await expect(panel.chart).toHaveAttribute('aria-valuetext', /^Round 1: .* pages sent/);
  await page.keyboard.press('ArrowRight');
  await expect(panel.chart).toHaveAttribute('aria-valuetext', /^Round 2: /);
  await expect(panel.chart).toHaveAttribute('aria-valuenow', '2');
  await page.keyboard.press('End');
  await expect(panel.chart).toHaveAttribute('aria-valuetext', /^Stop: /);
  await page.keyboard.press('Escape');
  await expect(panel.root).toHaveCount(0);
});

test('a pointer at a round reads it', async ({ site, page }) => {
  await site.dragOver('web1', 'beta');
  await site.drop();
  const panel = site.movePanel('web1');
  await panel.ended();
  const box = (await panel.chart.boundingBox())!;
  await page.mouse.move(box.x + 100, box.y + 60);
  await expect(panel.root).toContainText(/Round 1: .* pages sent · .* written meanwhile/);
});

test('moves stay in the history of their domain', async ({ site, page }) => {
  await site.dragOver('web1', 'beta');
  await site.drop();
  await site.movePanel('web1').ended();
  await site.dragOver('web1', 'alpha');
  await site.drop();
  await site.movePanel('web1').cancel.click();
  await expect(site.movePanel('web1').root).toContainText('web1 goes on running on beta.');
  const domain = await site.openDomain('web1');
  await domain.tab('Moves').click();
  await expect(site.movePanel('web1').root).toHaveCount(0);
  await page.reload();
  const list = page.getByRole('listbox', { name: 'Moves of web1' });
  await expect(list.getByRole('option')).toHaveText([
    /beta → alpha.*cancelled/,
    /alpha → beta.*\d+ ms down, 3 rounds/,
  ]);
  await list.getByRole('option').first().click();
  await page.keyboard.press('ArrowDown');
  const pane = new MovePage(domain.article);
  await expect(domain.article).toContainText(/web1 stood still for \d+ ms and runs on beta\./);
  await expect(pane.row(/^Stop .* measured$/)).toBeAttached();
  await pane.lookAs('Table');
  await expect(pane.row(/^3 /)).toBeVisible();
});

test('a move with options asks for its terms, and is shown as any other', async ({
  site,
  page,
}) => {
  await site.chooseToMove('web1', 'With options…');
  const dialog = page.getByRole('dialog', { name: 'Move web1' });
  await dialog.getByText('Limit how long it may stand still').click();
  await dialog.getByRole('textbox', { name: 'Longest stop' }).fill('40');
  await dialog.getByRole('button', { name: 'Move', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await site.movePanel('web1').ended();
});
