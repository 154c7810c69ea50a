import { EventEmitter } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { StandInEvent } from './event.ts';
import type { StandInPortMain } from './message-channel-main.ts';

export class StandInFrame {
  url = 'about:blank';
  readonly parent: StandInFrame | null;
  /** What the main process sent to this frame, in order. */
  readonly received: { channel: string; message: unknown; ports: MessagePort[] }[] = [];
  /** Told of each arrival: the preload script. */
  onMessage: ((channel: string, message: unknown, ports: MessagePort[]) => void) | null = null;

  constructor(parent: StandInFrame | null = null) {
    this.parent = parent;
  }

  postMessage(channel: string, message: unknown, transfer: StandInPortMain[] = []): void {
    const ports = transfer.map(({ port }) => port);
    this.received.push({ channel, message, ports });
    this.onMessage?.(channel, message, ports);
  }
}

type WindowOpenHandler = (details: { url: string }) => { action: 'deny' | 'allow' };

export class StandInWebContents extends EventEmitter {
  readonly mainFrame = new StandInFrame();
  reloads = 0;
  private windowOpenHandler: WindowOpenHandler = () => ({ action: 'allow' });

  getURL(): string {
    return this.mainFrame.url;
  }

  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.windowOpenHandler = handler;
  }

  reload(): void {
    this.reloads++;
    this.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false });
  }

  /** A page calls `window.open`. */
  openWindow(url: string): 'deny' | 'allow' {
    return this.windowOpenHandler({ url }).action;
  }

  /** Whether a listener refused the event, as a page's attempt at it would find. */
  refuses(name: string, details: object = {}): boolean {
    const event = Object.assign(new StandInEvent(), details);
    this.emit(name, event);
    return event.defaultPrevented;
  }
}
