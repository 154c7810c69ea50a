/** Plays the page in a window of the stand-in: runs the preload script and receives ports. */
import { EventEmitter, once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
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
  private readonly arrived: PageMessage[];
  private readonly arrivals: EventEmitter;

  private constructor(arrived: PageMessage[], arrivals: EventEmitter) {
    this.domus = contextBridge.exposed.get('domus') as DesktopBridge;
    this.arrived = arrived;
    this.arrivals = arrivals;
  }

  /** `runPreload` evaluates the preload script, whose `electron` is the stand-in. */
  static async open(
    window: BrowserWindow,
    runPreload: () => Promise<unknown>,
  ): Promise<StandInPage> {
    const { webContents } = window;
    const arrived: PageMessage[] = [];
    const arrivals = new EventEmitter();
    ipcRenderer.contents = webContents;
    webContents.mainFrame.onMessage = (channel, message, ports) => {
      ipcRenderer.emit(channel, { ports }, message);
    };
    const page = {
      location: { origin: webContents.getURL().replace(/\/$/, '') },
      postMessage(data: unknown, targetOrigin: string, ports: MessagePort[]) {
        arrived.push({ data, targetOrigin, ports });
        arrivals.emit('message');
      },
    };
    Object.defineProperty(globalThis, 'window', { value: page, configurable: true });
    await runPreload();
    return new StandInPage(arrived, arrivals);
  }

  /** The next message event of the window. */
  async nextMessage(): Promise<PageMessage> {
    if (this.arrived.length === 0) await once(this.arrivals, 'message');
    return this.arrived.shift() as PageMessage;
  }
}
