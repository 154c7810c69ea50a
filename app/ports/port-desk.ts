/** Hands ports to the window: one for the API, one for each console it opens. */
import { FrameType, jsonFrame } from '../../shared/console-protocol.ts';
import type { DesktopPortMessage } from '../../shared/desktop.contract.ts';
import { DomusError } from '../../shared/errors.ts';
import type { ConsoleRequest } from './ipc.contract.ts';
import { relay } from './relay.ts';
import type { WindowPort } from './relay.ts';
import type { Connect, Site } from './site.ts';

/** A window shows a dozen consoles at most; far more of them is a page gone wrong. */
export const MAX_PORTS = 128;

/** Makes a pair of ports, sends the far one to the window's page, returns the near one. */
export type HandOver = (message: DesktopPortMessage) => WindowPort;

export class PortDesk {
  private readonly site: Promise<Site>;
  private readonly handOver: HandOver;
  /** How each open port is closed. */
  private readonly open = new Map<WindowPort, () => void>();

  /** Requests wait for `site`; where it does not start, their ports close. */
  constructor(site: Promise<Site>, handOver: HandOver) {
    this.site = site;
    this.handOver = handOver;
  }

  get openPorts(): number {
    return this.open.size;
  }

  async openApi(): Promise<void> {
    const port = this.issue({ kind: 'domus-port' });
    if (port === null) return;
    try {
      this.connect(port, (await this.site).openApi());
    } catch {
      this.drop(port); // Why the site did not start is shown by whoever started it.
    }
  }

  /** What stands against it goes to the console as its `error` frame. */
  async openConsole({ domain, id }: ConsoleRequest): Promise<void> {
    const port = this.issue({ kind: 'domus-console-port', id });
    if (port === null) return;
    try {
      const site = await this.site;
      this.connect(port, await site.openConsole(domain));
    } catch (error) {
      port.postMessage(jsonFrame(FrameType.error, DomusError.toData(error)));
      this.drop(port);
    }
  }

  /** The page is gone, or another one comes. */
  closeAll(): void {
    for (const close of [...this.open.values()]) close();
  }

  private issue(message: DesktopPortMessage): WindowPort | null {
    if (this.open.size >= MAX_PORTS) return null;
    const port = this.handOver(message);
    this.open.set(port, () => this.drop(port));
    port.on('close', () => this.open.delete(port));
    return port;
  }

  private connect(port: WindowPort, connect: Connect): void {
    const wasClosed = !this.open.has(port);
    const close = relay(port, connect, () => this.open.delete(port));
    if (wasClosed) close();
    else this.open.set(port, close);
  }

  private drop(port: WindowPort): void {
    this.open.delete(port);
    port.close();
  }
}
