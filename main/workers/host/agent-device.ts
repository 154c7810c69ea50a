/**
 * The secondary console behind which a domain's agent answers: its xenbus life, back end's side
 * (xen-public `xenbus.h` states). The data goes through the domain's own thread.
 */
import { DomusError } from '../../../shared/errors.ts';
import type { XenstoreDaemon } from '../../dom0/index.ts';
import { consoleDevice, consoleDevicePaths } from '../../dom0/index.ts';
import { XenbusState } from '../../hypervisor/index.ts';
import type { DomainHandle } from './domain-handle.ts';

const NUMBER = 1;
/** A front end connects within a second; a guest without the driver never does. */
const CONNECT_TIMEOUT_MS = 60_000;
/** What no watch tells is looked at this often. */
const LOOK_AGAIN_MS = 25;

export class AgentDevice {
  private readonly store: XenstoreDaemon;
  private readonly domid: number;
  private readonly handle: DomainHandle;
  private readonly paths: { frontend: string; backend: string; libxl: string };
  private unwatch: (() => void) | null = null;
  private connected = false;
  private wake: () => void = () => undefined;

  constructor(store: XenstoreDaemon, domid: number, handle: DomainHandle) {
    this.store = store;
    this.domid = domid;
    this.handle = handle;
    this.paths = consoleDevicePaths(domid, NUMBER);
  }

  /** Writes the device's directories; settles when the guest's front end is connected. */
  async plug(): Promise<void> {
    if (this.connected) return;
    if (!this.store.exists(this.paths.backend)) {
      this.store.writeAll(
        consoleDevice({ domid: this.domid, number: NUMBER, name: 'domus-agent' }),
      );
      this.setState(XenbusState.initWait);
    }
    this.watch();
    await this.until(() => this.connected, 'connect its agent console');
  }

  /** Closes the device and removes it; settles when the guest let go of it. */
  async unplug(): Promise<void> {
    if (!this.store.exists(this.paths.frontend)) return;
    this.store.write(`${this.paths.backend}/online`, '0');
    this.setState(XenbusState.closing);
    const closed = (): boolean => {
      const state = this.frontState();
      return state === null || state === XenbusState.closed || state === XenbusState.unknown;
    };
    await this.until(closed, 'let go of its agent console');
    this.connected = false;
    await this.handle.call('disconnectAgent', {});
    this.forget();
    const watches = this.guestWatches;
    for (const path of Object.values(this.paths)) if (this.store.exists(path)) this.store.rm(path);
    // The guest's bus drops its watch of the back end when it has seen that the device is gone. Were
    // a device of the same name plugged (or a clone's) before that, the guest would miss it.
    await this.until(() => this.guestWatches < watches, 'forget its agent console');
  }

  private get guestWatches(): number {
    return this.store.stats(this.domid)?.usage.watches ?? -1;
  }

  /** A domain that came here with its device connected: take it up again. */
  resume(): void {
    if (!this.store.exists(this.paths.backend)) return;
    this.watch();
  }

  forget(): void {
    this.unwatch?.();
    this.unwatch = null;
  }

  private watch(): void {
    this.unwatch ??= this.store.watch(`${this.paths.frontend}`, () => {
      void this.frontChanged();
    });
  }

  private async frontChanged(): Promise<void> {
    const state = this.frontState();
    const ready = state === XenbusState.initialised || state === XenbusState.connected;
    if (ready && !this.connected) await this.connect();
    if (state === XenbusState.closing) this.setState(XenbusState.closing);
    if (state === XenbusState.closed) this.setState(XenbusState.closed);
    this.wake();
  }

  private async connect(): Promise<void> {
    const ringRef = this.number('ring-ref');
    const port = this.number('port');
    if (ringRef === null || port === null) return;
    this.connected = true;
    try {
      await this.handle.call('connectAgent', { ringRef, port });
      this.setState(XenbusState.connected);
    } catch {
      // The thread has logged what the guest did wrong; its device stays unconnected.
      this.connected = false;
      this.setState(XenbusState.closing);
    }
  }

  private setState(state: number): void {
    const path = `${this.paths.backend}/state`;
    if (this.store.read(path) !== String(state)) this.store.write(path, String(state));
  }

  private frontState(): number | null {
    return this.number('state');
  }

  /** A decimal number that the guest wrote; null for anything else. */
  private number(leaf: string): number | null {
    const text = this.store.read(`${this.paths.frontend}/${leaf}`) ?? '';
    return /^\d{1,10}$/.test(text) ? Number(text) : null;
  }

  private async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + CONNECT_TIMEOUT_MS;
    while (!condition()) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) {
        throw new DomusError(
          'domain.agent-silent',
          `the guest did not ${what} within ${CONNECT_TIMEOUT_MS / 1000} s: look at its console`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, LOOK_AGAIN_MS));
        this.wake = () => (clearTimeout(timer), resolve());
      });
    }
  }
}
