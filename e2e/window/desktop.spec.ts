/**
 * The window's other home: everything through message ports that a bridge hands over, as the desktop
 * shell does. Here the bridge stands in for the preload script and passes frames on to the sockets.
 */
import type { Page } from '@playwright/test';
import { CHROMIUM } from '../chromium.ts';
import { SitePage } from '../pages/site-page.ts';
import { type RunningSite, startSyntheticSite } from '../synthetic-site/start.ts';
import { expect, test } from './fixture.ts';

test.use({ launchOptions: { ...CHROMIUM, args: [...CHROMIUM.args!, '--disable-3d-apis'] } });

async function openAsDesktop(page: Page, running: RunningSite): Promise<SitePage> {
  await page.addInitScript(installBridge, {
    origin: running.origin.replace('http', 'ws'),
    token: running.token,
  });
  const site = new SitePage(page);
  await site.open(running.origin);
  return site;
}

/** Runs in the page, before its own scripts. */
function installBridge({ origin, token }: { origin: string; token: string }): void {
  const relay = (path: string, message: unknown) => {
    const { port1, port2 } = new MessageChannel();
    const socket = new WebSocket(`${origin}/${path}`, ['domus', `token.${token}`]);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      port1.onmessage = ({ data }) => socket.send(data as string);
      window.postMessage(message, '*', [port2]);
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) =>
      port1.postMessage(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
    let arrived: MessagePort | undefined;
    window.addEventListener('message', (event) => {
      if (JSON.stringify(event.data) === JSON.stringify(message)) arrived = event.ports[0];
    });
    // The desktop shell's ports tell when the other end closed; a browser's do not.
    socket.onclose = () => arrived?.dispatchEvent(new Event('close'));
  };
  let consoles = 0;
  const domus = {
    openApi: () => relay('rpc', { kind: 'domus-port' }),
    openConsole: (domain: string) => {
      const id = `console-${consoles++}`;
      relay(`console?domain=${domain}`, { kind: 'domus-console-port', id });
      return id;
    },
  };
  Object.defineProperty(window, 'domus', { value: domus });
}

test('over ports: the site is seen, a domain is paused, a console echoes', async ({
  page,
  running,
}) => {
  const site = await openAsDesktop(page, running);
  await expect(site.row('web1')).toContainText('%');
  const console = await site.openConsole('web1');
  await console.connected();
  await console.type('over a port');
  await expect(console.screen).toContainText('over a port');
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('article', { name: 'web1' })).toContainText('Paused on alpha');
});

test('over ports: messages of others are not mistaken for the shell’s', async ({
  page,
  running,
}) => {
  const site = await openAsDesktop(page, running);
  await site.row('web1').waitFor();
  await page.evaluate(() => {
    window.postMessage({ kind: 'domus-console-port', id: 'console-9' }, '*', [
      new MessageChannel().port1,
    ]);
    window.postMessage('domus-port', '*');
    window.postMessage(null, '*');
  });
  await expect(site.row('web1')).toContainText('%');
});

test('over ports: a closed port is asked for again', async ({ page, running }) => {
  const site = await openAsDesktop(page, running);
  await site.row('web1').waitFor();
  await running.stop();
  await expect(page.getByText('Disconnected.')).toBeVisible();
  const again = await startSyntheticSite(
    ...['--port', String(running.port), '--token', running.token, '--domains', '3'],
  );
  try {
    await expect(page.getByText('Disconnected.')).toHaveCount(0, { timeout: 30_000 });
    await expect(page.getByRole('main').getByRole('row')).toHaveCount(3);
  } finally {
    await again.stop();
  }
});

test('over ports: storage says why nothing can be uploaded, and what to do', async ({
  page,
  running,
}) => {
  const site = await openAsDesktop(page, running);
  await site.row('web1').waitFor();
  const storage = await site.openStorage();
  await expect(storage.pane('shared').getByRole('button', { name: 'Upload' })).toBeDisabled();
  await expect(storage.pane('shared')).toContainText('domus volume upload');
  await storage.openMenu('web1.qcow2');
  await expect(page.getByRole('menuitem', { name: 'Download' })).toContainText(
    'This window has no HTTP address.',
  );
});
