import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FrameType } from '../../shared/console-protocol.ts';
import { desktopPortMessage } from '../../shared/desktop.contract.ts';
import { IpcChannel } from '../ports/ipc.contract.ts';
import type * as StandIn from '../testing/electron.ts';
import type { StandInPage } from '../testing/page.ts';
import type { SmallSite } from '../testing/small-site.ts';

let electron: typeof StandIn;
let folder: string;
let site: SmallSite;
const signalListeners = (['SIGINT', 'SIGTERM'] as const).map(
  (signal) => [signal, process.listeners(signal)] as const,
);

beforeEach(async () => {
  vi.resetModules();
  electron = await import('../testing/electron.ts');
  // The real one needs its binary; a new stand-in for each test.
  vi.doMock('electron', () => electron);
  folder = mkdtempSync(join(tmpdir(), 'domus-shell-'));
  writeFileSync(join(folder, 'index.html'), '<title>Domus</title>');
  site = new (await import('../testing/small-site.ts')).SmallSite();
});

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'window');
  for (const [signal, listeners] of signalListeners) {
    for (const listener of process.listeners(signal)) {
      if (!listeners.includes(listener)) process.off(signal, listener);
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

async function start(startSite = (): Promise<SmallSite> => Promise.resolve(site)): Promise<void> {
  const { Shell } = await import('./shell.ts');
  const started = Shell.start({
    preload: '/app/preload.cjs',
    pages: folder,
    userData: join(folder, 'desktop'),
    startSite,
  });
  electron.app.becomeReady();
  await started;
}

async function openPage(): Promise<StandInPage> {
  const { StandInPage } = await import('../testing/page.ts');
  return StandInPage.open(window(), () => import('../preload.ts'));
}

const window = (): StandIn.BrowserWindow => electron.BrowserWindow.all.at(-1)!;

describe('the window', () => {
  it('shows our page, without Node and with every wall up', async () => {
    await start();
    expect(window().visible).toBe(true);
    expect(window().webContents.getURL()).toBe('app://domus/');
    expect(window().options['webPreferences']).toMatchObject({
      preload: '/app/preload.cjs',
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
    });
  });

  it('gets its files with a strict policy, and no others', async () => {
    await start();
    const page = await electron.protocol.request('app://domus/index.html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    for (const url of [
      'app://domus/../../etc/passwd',
      'app://domus/%2e%2e/x',
      'app://evil/index.html',
    ]) {
      expect((await electron.protocol.request(url)).status).toBe(404);
    }
    expect((await electron.protocol.request('app://domus/', 'POST')).status).toBe(405);
  });

  it('stays on its page', async () => {
    await start();
    const { webContents } = window();
    expect(webContents.refuses('will-navigate', { url: 'https://example.org/' })).toBe(true);
    expect(webContents.refuses('will-navigate', { url: 'app://domus/index.html' })).toBe(false);
    expect(webContents.refuses('will-redirect', { url: 'app://domus/' })).toBe(true);
    expect(webContents.refuses('will-attach-webview')).toBe(true);
    const inner = { url: 'app://domus/', isMainFrame: false };
    expect(webContents.refuses('will-frame-navigate', inner)).toBe(true);
  });

  it('opens no second one; web links go to the person’s browser', async () => {
    await start();
    const { webContents } = window();
    expect(webContents.openWindow('https://www.debian.org/')).toBe('deny');
    expect(webContents.openWindow('file:///etc/passwd')).toBe('deny');
    expect(electron.shell.opened).toEqual(['https://www.debian.org/']);
  });

  it('loads nothing from elsewhere and gets no permission but the clipboard', async () => {
    await start();
    const { defaultSession } = electron.session;
    expect(defaultSession.cancels('https://example.org/a.js')).toBe(true);
    expect(defaultSession.cancels('app://domus/assets/a.js')).toBe(false);
    expect(defaultSession.allows('media', 'app://domus/')).toBe(false);
    expect(defaultSession.allows('clipboard-read', 'app://domus/')).toBe(true);
    expect(defaultSession.allows('clipboard-read', 'https://example.org/')).toBe(false);
  });

  it('stands next time where it was', async () => {
    await start();
    window().close();
    await electron.app.exited.promise;
    const state = JSON.parse(
      readFileSync(join(folder, 'desktop', 'window.json'), 'utf8'),
    ) as object;
    expect(state).toEqual({
      bounds: { x: 320, y: 142, width: 1280, height: 820 },
      maximized: false,
    });
  });

  it('loads its page again when that crashes; when it crashes again, it says so', async () => {
    site.running = 1;
    await start();
    window().webContents.emit('render-process-gone');
    expect(window().webContents.reloads).toBe(1);
    const closed = once(window(), 'closed');
    window().webContents.emit('render-process-gone');
    await closed;
    expect(window().webContents.reloads).toBe(1);
    expect(electron.dialog.errors[0]?.title).toBe('The window failed');
    expect(site.stops).toBe(0);
  });
});

describe('a page', () => {
  it('is given two functions, and a port for what it asks', async () => {
    await start();
    const page = await openPage();
    expect([...electron.contextBridge.exposed.keys()]).toEqual(['domus']);
    expect(Object.keys(page.domus)).toEqual(['openApi', 'openConsole']);

    page.domus.openApi();
    const api = await page.nextMessage();
    expect(desktopPortMessage(api.data)).toEqual({ kind: 'domus-port' });
    expect(api.targetOrigin).toBe('app://domus');
    api.ports[0]?.postMessage('{"i":"1"}');
    await vi.waitFor(() => expect(site.apiLinks[0]?.sent).toEqual(['{"i":"1"}']));

    const id = page.domus.openConsole('web1');
    const opened = await page.nextMessage();
    expect(desktopPortMessage(opened.data)).toEqual({ kind: 'domus-console-port', id });
    const output = once(opened.ports[0]!, 'message');
    await vi.waitFor(() => expect(site.consoleLinks).toHaveLength(1));
    site.consoleLinks[0]?.answer(new Uint8Array([FrameType.output, 104, 105]));
    expect(await output).toEqual([new Uint8Array([FrameType.output, 104, 105])]);
  });

  it('loses its ports when it is reloaded', async () => {
    await start();
    const page = await openPage();
    page.domus.openApi();
    await page.nextMessage();
    await vi.waitFor(() => expect(site.apiLinks).toHaveLength(1));
    window().webContents.reload();
    expect(site.apiLinks[0]?.isClosed).toBe(true);
  });

  it.each([
    ['of another origin', { url: 'https://evil.example/', parent: null }],
    ['inside ours', { url: 'app://domus/', parent: {} }],
  ])('%s gets none', async (_name, senderFrame) => {
    await start();
    const event = { sender: window().webContents, senderFrame };
    electron.ipcMain.emit(IpcChannel.openApi, event);
    electron.ipcMain.emit(IpcChannel.openConsole, event, {
      domain: 'web1',
      id: crypto.randomUUID(),
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(window().webContents.mainFrame.received).toEqual([]);
  });

  it('gets none for a request that is malformed', async () => {
    await start();
    await openPage();
    for (const payload of [undefined, 'web1', { domain: 'web1' }, { domain: 5, id: 'x' }]) {
      electron.ipcRenderer.send(IpcChannel.openConsole, payload);
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(window().webContents.mainFrame.received).toEqual([]);
  });
});

describe('closing the window', () => {
  it('ends the program when no domain runs', async () => {
    await start();
    window().close();
    expect(await electron.app.exited.promise).toBe(0);
    expect(site.stops).toBe(1);
    expect(electron.dialog.questions).toEqual([]);
  });

  it('leaves running domains alone when the person wants so; starting again shows them', async () => {
    site.running = 3;
    await start();
    const first = window();
    const closed = once(first, 'closed');
    first.close();
    await closed;
    expect(electron.dialog.questions[0]).toMatchObject({
      message: '3 domains are running',
      buttons: ['Keep running', 'Power off and quit', 'Cancel'],
    });
    expect(site.stops).toBe(0);

    electron.app.emit('second-instance');
    await vi.waitFor(() => expect(window() !== first && window().visible).toBe(true));
    const page = await openPage();
    page.domus.openApi();
    await page.nextMessage();
    await vi.waitFor(() => expect(site.apiLinks).toHaveLength(1));
  });

  it('keeps the window when the person cancels', async () => {
    site.running = 1;
    await start();
    electron.dialog.nextResponse = 2;
    window().close();
    await vi.waitFor(() => expect(electron.dialog.questions).toHaveLength(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect([window().isDestroyed(), site.stops]).toEqual([false, 0]);
  });
});

describe('the program ends', () => {
  it('after the site has stopped, when the person quits and confirms', async () => {
    site.running = 2;
    await start();
    electron.app.quit();
    expect(await electron.app.exited.promise).toBe(0);
    expect(electron.dialog.questions[0]?.message).toBe('Quit while 2 domains are running?');
    expect(site.stops).toBe(1);
  });

  it('without a question on SIGTERM', async () => {
    site.running = 2;
    await start();
    process.emit('SIGTERM');
    expect(await electron.app.exited.promise).toBe(0);
    expect([electron.dialog.questions.length, site.stops]).toEqual([0, 1]);
  });

  it('when a client shuts the site down', async () => {
    site.running = 2;
    await start();
    site.shutDown();
    expect(await electron.app.exited.promise).toBe(0);
    expect(electron.dialog.questions).toEqual([]);
  });

  it('with the reason on the screen when the site cannot start', async () => {
    const { refuse } = await import('../testing/small-site.ts');
    await start(() => refuse('home.in-use', 'Another Domus has /home/domus open. End it first.'));
    expect(await electron.app.exited.promise).toBe(1);
    expect(electron.dialog.errors).toEqual([
      {
        title: 'Domus cannot go on',
        content: 'Another Domus has /home/domus open. End it first.\n\n(home.in-use)',
      },
    ]);
  });

  it('with the reason when the site fails later', async () => {
    await start();
    site.fail('toolstack.ended', 'The toolstack ended. Start Domus again.');
    expect(await electron.app.exited.promise).toBe(1);
    expect(electron.dialog.errors[0]?.content).toContain('toolstack.ended');
  });

  it('with the reason when the pages are missing', async () => {
    rmSync(join(folder, 'index.html'));
    await start();
    expect(await electron.app.exited.promise).toBe(1);
    expect(electron.dialog.errors).toHaveLength(1);
  });
});
