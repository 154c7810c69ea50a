import type { ConsolePage } from '../pages/console-page.ts';
import { expect, test } from './fixture.ts';

test('the terminal draws with WebGL, and goes on with elements when the context is lost', async ({
  site,
  page,
}) => {
  const console: ConsolePage = await site.openConsole('cache1');
  await console.connected();
  await console.type('seq 30');
  await expect(await console.search('29')).toHaveText('1 of 1');
  await expect(console.place.locator('.xterm-screen canvas').first()).toBeVisible();
  await expect(console.screen).toHaveCount(0);
  await page.evaluate(() => {
    for (const canvas of document.querySelectorAll<HTMLCanvasElement>('.xterm-screen canvas')) {
      canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext();
    }
  });
  await expect(console.screen).toContainText('29');
});
