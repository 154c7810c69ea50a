import { expect, test } from './fixture.ts';

test('dragging the slider asks, and the figure follows as the guest gives pages back', async ({
  site,
  page,
}) => {
  const slider = site.memory('proxy1');
  const before = Number(await slider.inputValue());
  const box = (await slider.boundingBox())!;
  await page.mouse.move(box.x + 5 + ((before - 32) / 224) * (box.width - 10), box.y + 8);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.2, box.y + 8, { steps: 10 });
  await page.mouse.up();
  const asked = Number(await slider.inputValue());
  expect(asked).toBeLessThan(90);
  await expect(site.row('proxy1')).toContainText(`→ ${asked}`);
  await expect(site.row('proxy1')).toContainText(`${asked} of 256 MiB`, { timeout: 20_000 });
});

test('arrows step, and Escape takes it back', async ({ site, page }) => {
  const slider = site.memory('web1');
  await slider.focus();
  const before = await slider.inputValue();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await expect(slider).toHaveValue(String(Number(before) - 2));
  await page.keyboard.press('Escape');
  await expect(slider).toHaveValue(before);
});

test('a number can be typed; one out of range is told so', async ({ site, page }) => {
  await site.memory('web1').focus();
  await page.keyboard.type('9');
  const field = site.row('web1').getByRole('textbox', { name: /Memory in MiB, 32 to 128/ });
  await expect(field).toBeFocused();
  await expect(site.row('web1')).toContainText('32 to 128 MiB');
  await page.keyboard.type('0');
  await page.keyboard.press('Enter');
  await expect(site.memory('web1')).toHaveValue('90');
  await expect(site.memory('web1')).toBeFocused();
});

test('a refused value says why beside the slider, and the target stays', async ({ site, page }) => {
  const slider = site.memory('lab1');
  await expect(site.host('gamma').getByRole('row', { name: /^lab1/ })).toBeVisible();
  await slider.focus();
  await page.keyboard.press('End');
  await expect(page.getByRole('alert')).toContainText('gamma has 24 MiB free');
  await expect(slider).toHaveValue('96');
});

test('a drag that starts on the slider does not drag the row', async ({ site, page }) => {
  const box = (await site.memory('web1').boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 - 20, box.y + 60, { steps: 6 });
  await expect(page.getByText('web1 is here')).toHaveCount(0);
  await page.mouse.up();
});
