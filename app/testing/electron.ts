/**
 * Stands in for the module `electron` in tests: as much of it as the shell uses, and what a test
 * needs to play the person and the page. The real one needs its binary.
 */
import { EventEmitter } from 'node:events';
import { StandInEvent } from './event.ts';
import { MessageChannelMain } from './message-channel-main.ts';
import { StandInWebContents } from './web-contents.ts';

export { MessageChannelMain };

class StandInApp extends EventEmitter {
  readonly isPackaged = false;
  readonly paths = new Map<string, string>();
  sandboxed = false;
  hasLock = true;
  readonly exited = Promise.withResolvers<number>();
  private readonly ready = Promise.withResolvers<void>();
  private readyNow = false;

  becomeReady(): void {
    this.readyNow = true;
    this.ready.resolve();
  }

  getVersion(): string {
    return '0.0.0';
  }

  whenReady(): Promise<void> {
    return this.ready.promise;
  }

  isReady(): boolean {
    return this.readyNow;
  }

  enableSandbox(): void {
    this.sandboxed = true;
  }

  setPath(name: string, path: string): void {
    this.paths.set(name, path);
  }

  requestSingleInstanceLock(): boolean {
    return this.hasLock;
  }

  quit(): void {
    const event = new StandInEvent();
    this.emit('before-quit', event);
    if (!event.defaultPrevented) this.exit(0);
  }

  exit(code: number): void {
    this.exited.resolve(code);
  }
}

export class BrowserWindow extends EventEmitter {
  static readonly all: BrowserWindow[] = [];
  readonly webContents = new StandInWebContents();
  readonly options: Record<string, unknown>;
  visible = false;
  minimized = false;
  maximized = false;
  private destroyed = false;

  constructor(options: Record<string, unknown>) {
    super();
    this.options = options;
    BrowserWindow.all.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  async loadURL(url: string): Promise<void> {
    const response = await protocol.request(url);
    if (!response.ok) throw new Error(`ERR_FAILED loading ${url}: ${response.status}`);
    this.webContents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false });
    this.webContents.mainFrame.url = url;
    this.emit('ready-to-show');
  }

  show(): void {
    this.visible = true;
  }
  focus(): void {
    this.emit('focus');
  }
  maximize(): void {
    this.maximized = true;
  }
  restore(): void {
    this.minimized = false;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  isMaximized(): boolean {
    return this.maximized;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  getNormalBounds(): { x: number; y: number; width: number; height: number } {
    const { x, y, width, height } = this.options as Record<string, number>;
    return { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 };
  }

  /** The person's button. */
  close(): void {
    const event = new StandInEvent();
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('closed');
    app.emit('window-all-closed');
  }
}

class StandInProtocol {
  schemes: { scheme: string; privileges: object }[] = [];
  private handlers = new Map<string, (request: Request) => Promise<Response>>();

  registerSchemesAsPrivileged(schemes: { scheme: string; privileges: object }[]): void {
    this.schemes = schemes;
  }

  handle(scheme: string, handler: (request: Request) => Promise<Response>): void {
    this.handlers.set(scheme, handler);
  }

  async request(url: string, method = 'GET'): Promise<Response> {
    const handler = this.handlers.get(new URL(url).protocol.slice(0, -1));
    return handler ? handler({ url, method } as Request) : new Response(null, { status: 501 });
  }
}

type BeforeRequest = (
  details: { url: string },
  callback: (response: { cancel: boolean }) => void,
) => void;
type PermissionRequest = (
  contents: { getURL(): string },
  permission: string,
  callback: (granted: boolean) => void,
  details: { requestingUrl: string; isMainFrame: boolean },
) => void;
type PermissionCheck = (
  contents: null,
  permission: string,
  origin: string,
  details: { isMainFrame: boolean },
) => boolean;

class StandInSession extends EventEmitter {
  private request: PermissionRequest | null = null;
  private check: PermissionCheck | null = null;
  private beforeRequest: BeforeRequest | null = null;
  readonly webRequest = {
    onBeforeRequest: (listener: BeforeRequest): void => {
      this.beforeRequest = listener;
    },
  };

  setPermissionRequestHandler(handler: PermissionRequest): void {
    this.request = handler;
  }
  setPermissionCheckHandler(handler: PermissionCheck): void {
    this.check = handler;
  }
  setDevicePermissionHandler(handler: () => boolean): void {
    if (handler()) throw new Error('devices are not for pages');
  }

  /** What a page at `url` finds when it asks for a permission, by either way of asking. */
  allows(permission: string, url: string): boolean {
    let granted = false;
    this.request?.({ getURL: () => url }, permission, (answer) => (granted = answer), {
      requestingUrl: url,
      isMainFrame: true,
    });
    const checked = this.check?.(null, permission, url, { isMainFrame: true }) ?? false;
    if (granted !== checked) throw new Error(`the two ways disagree about ${permission}`);
    return granted;
  }

  cancels(url: string): boolean {
    let cancelled = false;
    this.beforeRequest?.({ url }, ({ cancel }) => (cancelled = cancel));
    return cancelled;
  }
}

interface Question {
  message: string;
  buttons: string[];
}

class StandInDialog {
  /** Index of the button that the person presses next. */
  nextResponse = 0;
  readonly questions: Question[] = [];
  readonly errors: { title: string; content: string }[] = [];

  showMessageBox(...args: [...BrowserWindow[], Question]): Promise<{ response: number }> {
    this.questions.push(args.at(-1) as Question);
    return Promise.resolve({ response: this.nextResponse });
  }

  showErrorBox(title: string, content: string): void {
    this.errors.push({ title, content });
  }
}

class StandInShell {
  readonly opened: string[] = [];

  openExternal(url: string): Promise<void> {
    this.opened.push(url);
    return Promise.resolve();
  }

  openPath(path: string): Promise<string> {
    this.opened.push(path);
    return Promise.resolve('');
  }
}

const display = { id: 1, workArea: { x: 0, y: 24, width: 1920, height: 1056 } };

export const app = new StandInApp();
export const ipcMain = new EventEmitter();
export const protocol = new StandInProtocol();
export const session = { defaultSession: new StandInSession() };
export const dialog = new StandInDialog();
export const shell = new StandInShell();
export const powerMonitor = new EventEmitter();
export const nativeTheme = { shouldUseDarkColors: false };
export const screen = { getPrimaryDisplay: () => display, getAllDisplays: () => [display] };

interface MenuItem {
  role?: string;
  label?: string;
  accelerator?: string;
  registerAccelerator?: boolean;
  submenu?: MenuItem[];
  click?(): void;
}

export class Menu {
  static current: Menu | null = null;
  readonly items: readonly MenuItem[];

  constructor(items: readonly MenuItem[]) {
    this.items = items;
  }

  static buildFromTemplate(items: readonly MenuItem[]): Menu {
    return new Menu(items);
  }

  static setApplicationMenu(menu: Menu): void {
    Menu.current = menu;
  }
}

/** The preload script's side. `testing/page.ts` ties it to a window. */
class StandInIpcRenderer extends EventEmitter {
  contents: StandInWebContents | null = null;

  send(channel: string, payload?: unknown): void {
    if (!this.contents) throw new Error('no page is open');
    const event = { sender: this.contents, senderFrame: this.contents.mainFrame };
    ipcMain.emit(channel, event, structuredClone(payload));
  }
}

class StandInContextBridge {
  readonly exposed = new Map<string, unknown>();

  exposeInMainWorld(name: string, api: unknown): void {
    this.exposed.set(name, api);
  }
}

export const ipcRenderer = new StandInIpcRenderer();
export const contextBridge = new StandInContextBridge();
