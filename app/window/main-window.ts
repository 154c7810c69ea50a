/** The one window. Its page gets the preload script's two functions and nothing of Node. */
import { BrowserWindow, dialog, MessageChannelMain, nativeTheme, screen } from 'electron';
import type { MessageBoxOptions, WebContents } from 'electron';
import type { DesktopPortMessage } from '../../shared/desktop.contract.ts';
import { START_PAGE } from '../origin.ts';
import { IpcChannel } from '../ports/ipc.contract.ts';
import type { WindowPort } from '../ports/relay.ts';
import { MINIMUM_SIZE, placeWindow } from './bounds.ts';
import { readWindowState, writeWindowState } from './state-file.ts';

/** The page's own background, so that nothing flashes before it is painted. */
const BACKGROUND = { light: '#f4f4f6', dark: '#111214' } as const;
/** A page that crashes again this soon is not loaded again by itself. */
const CRASH_INTERVAL_MS = 30_000;

export interface MainWindowOptions {
  preload: string;
  /** Where its place on the screen is kept. */
  stateFile: string;
  /** The person closes it; the answer decides what happens. */
  onClosing(): void;
  /** A page is gone: closed, crashed, or replaced by a reload. */
  onPageGone(): void;
  /** The page crashed again, soon after it was loaded anew: it stays empty. */
  onBroken(): void;
}

export class MainWindow {
  private readonly window: BrowserWindow;
  private readonly options: MainWindowOptions;
  private crashedAtMs = -Infinity;

  constructor(options: MainWindowOptions) {
    this.options = options;
    const state = readWindowState(options.stateFile);
    this.window = new BrowserWindow({
      ...placeWindow(state, workAreas()),
      minWidth: MINIMUM_SIZE.width,
      minHeight: MINIMUM_SIZE.height,
      title: 'Domus',
      show: false,
      backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
      webPreferences: {
        preload: options.preload,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInSubFrames: false,
        nodeIntegrationInWorker: false,
        webSecurity: true,
        webviewTag: false,
        navigateOnDragDrop: false,
        spellcheck: false,
      },
    });
    if (state?.maximized) this.window.maximize();
    this.listen();
  }

  get contents(): WebContents | null {
    return this.window.isDestroyed() ? null : this.window.webContents;
  }

  /** Errors: the page cannot be read. */
  async load(): Promise<void> {
    await this.window.loadURL(START_PAGE);
  }

  show(): void {
    if (this.window.isMinimized()) this.window.restore();
    this.window.show();
    this.window.focus();
  }

  /** Settles with the index of the button that was pressed. */
  async ask(question: MessageBoxOptions): Promise<number> {
    const { response } = await dialog.showMessageBox(this.window, question);
    return response;
  }

  /** Without asking. */
  destroy(): void {
    if (this.window.isDestroyed()) return;
    this.saveState();
    this.window.destroy();
  }

  onClosed(listener: () => void): void {
    this.window.on('closed', listener);
  }

  /** One end of a new pair of ports goes to the page, with the message; the other is returned. */
  handOver(message: DesktopPortMessage): WindowPort {
    const { port1, port2 } = new MessageChannelMain();
    this.contents?.mainFrame.postMessage(IpcChannel.port, message, [port2]);
    return port1;
  }

  private listen(): void {
    const { window, options } = this;
    const contents = window.webContents;
    window.once('ready-to-show', () => window.show());
    window.on('close', (event) => {
      event.preventDefault();
      this.saveState();
      options.onClosing();
    });
    window.on('closed', () => options.onPageGone());
    window.on('page-title-updated', (event) => event.preventDefault());
    contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
      if (isMainFrame && !isSameDocument) options.onPageGone();
    });
    contents.on('render-process-gone', () => this.pageCrashed());
  }

  private pageCrashed(): void {
    this.options.onPageGone();
    const nowMs = performance.now();
    const isRepeated = nowMs - this.crashedAtMs < CRASH_INTERVAL_MS;
    this.crashedAtMs = nowMs;
    if (isRepeated) this.options.onBroken();
    else this.contents?.reload();
  }

  private saveState(): void {
    writeWindowState(this.options.stateFile, {
      bounds: this.window.getNormalBounds(),
      maximized: this.window.isMaximized(),
    });
  }
}

function workAreas(): Electron.Rectangle[] {
  const primary = screen.getPrimaryDisplay();
  const others = screen.getAllDisplays().filter(({ id }) => id !== primary.id);
  return [primary, ...others].map(({ workArea }) => workArea);
}
