/** Plays the page in a window of the stand-in: runs the preload script and receives ports. */
import type { MessagePort } from 'node:worker_threads';
import { vi } from 'vitest';
import type { DesktopBridge } from '../../shared/desktop.contract.ts';
import { contextBridge, ipcRenderer } from './electron.ts';
import type { BrowserWindow } from './electron.ts';

export interface PageMessage {
  data: unknown;
  targetOrigin: string;
  ports: readonly MessagePort[];
}

export class StandInPage {
  readonly domus: DesktopBridge;
  readonly exposedNames: string[];
  private readonly arrived: PageMessage[] = [];
  private waiting: (() => void) | null = null;

  private constructor() {
    this.domus = contextBridge.exposed.get('domus') as DesktopBridge;
    this.exposedNames = [...contextBridge.exposed.keys()];
  }

  static async open(window: BrowserWindow): Promise<StandInPage> {
    const contents = window.webContents;
    ipcRenderer.contents = contents;
    contents.mainFrame.onMessage = (channel, message, ports) => {
      ipcRenderer.emit(channel, { ports }, message);
    };
    const receive: { page: StandInPage | null } = { page: null };
    vi.stubGlobal('window', {
      location: { origin: new URL(contents.getURL()).href.replace(/\/$/, '') },
      postMessage: (data: unknown, targetOrigin: string, ports: MessagePort[]) =>
        receive.page?.receive({ data, targetOrigin, ports }),
    });
    await import('../preload.ts');
    receive.page = new StandInPage();
    return receive.page;
  }

  /** The next message event of the window. */
  async nextMessage(): Promise<PageMessage> {
    while (this.arrived.length === 0) {
      await new Promise<void>((resolve) => (this.waiting = resolve));
    }
    return this.arrived.shift() as PageMessage;
  }

  private receive(message: PageMessage): void {
    this.arrived.push(message);
    this.waiting?.();
  }
}
