/**
 * One device of one domain: its life on xenbus, back end's side. It reads and writes xenstore on
 * its host; the data path lies behind `DeviceDriver`, in the domain's own thread.
 *
 * A front end that ends while the device is plugged (it is unbound, its module removed, it found an
 * error) finds it anew after a moment: Linux binds a driver only to a device that appears.
 */
import { DomusError } from '../../../shared/errors.ts';
import { XenbusState } from '../../hypervisor/index.ts';
import type { XenstoreDaemon } from '../xenstore/daemon.ts';
import { domainHome } from '../xenstore/caller.ts';
import { backendStep } from './backend-states.ts';
import type { DeviceDefinition, DeviceNodes, DevicePaths } from './device-definition.ts';
import { deviceEntries, devicePaths } from './device-definition.ts';
import { FrontendNodes } from './frontend-nodes.ts';

/** The data path of a device. */
export interface DeviceDriver {
  /**
   * Serves the rings that the front end offers. Returns what the device is, for the back end's
   * directory. @throws DomusError `device.bad-front-end`; the device is closed then
   */
  connect(front: FrontendNodes): Promise<DeviceNodes>;
  /** Lets go of rings and port once what is under way has ended. */
  disconnect(): Promise<void>;
}

export interface BackendDeviceOptions {
  store: XenstoreDaemon;
  domid: number;
  definition: DeviceDefinition;
  driver: DeviceDriver;
  log(level: 'info' | 'warning', message: string): void;
}

/** A guest without the driver never connects; a busy one takes its time. */
const TIMEOUT_MS = 60_000;
/** What no watch tells is looked at this often. */
const LOOK_AGAIN_MS = 25;
/** A guest without a balloon driver says nothing. */
const BUS_PATIENCE_MS = 5_000;
/** After a front end has ended: time for who unbinds a driver to remove its module. */
const OFFER_ANEW_MS = 1000;
/** A front end that fails and fails is not offered its device for ever. */
const MOST_FAILURES = 8;

export class BackendDevice {
  readonly name: string;
  private readonly options: BackendDeviceOptions;
  private readonly paths: DevicePaths;
  private unwatch: (() => void) | null = null;
  private isPlugged = false;
  private isConnected = false;
  private failures = 0;
  /** Steps are taken one after the other. */
  private work: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;

  constructor(options: BackendDeviceOptions) {
    const { domid, definition } = options;
    this.options = options;
    this.name = `${definition.kind} ${definition.number}`;
    this.paths = devicePaths(domid, definition);
  }

  /** Its directories are in xenstore. */
  get isOffered(): boolean {
    return this.options.store.exists(this.paths.backend);
  }

  /** Writes the device's directories; settles when the guest's front end is connected. */
  async plug(): Promise<void> {
    this.offer();
    await this.until(() => this.isConnected, 'connect');
  }

  /** Writes the directories; the front end connects when the guest gets to it. */
  offer(): void {
    if (this.isPlugged) return;
    this.isPlugged = true;
    this.write();
    this.watch();
  }

  /** A domain that came here with the device: take it up where it is. */
  resume(): void {
    this.isPlugged = true;
    this.watch();
  }

  /** Asks the guest to let go and removes the device; settles when it has. */
  async unplug(): Promise<void> {
    this.isPlugged = false;
    const { store } = this.options;
    if (!store.exists(this.paths.frontend)) {
      this.forget();
      return this.remove();
    }
    store.write(`${this.paths.backend}/online`, '0');
    this.setState(XenbusState.closing);
    const closed = (): boolean => {
      const state = this.frontState;
      return state === XenbusState.closed || state === XenbusState.unknown;
    };
    await this.until(closed, 'let go of it');
    await this.work;
    await this.letGo();
    this.forget();
    // The guest's bus must have seen that it is gone before one of the same name can come: it drops
    // its watch of the back end then.
    const watches = this.guestWatches;
    this.remove();
    await this.until(() => this.guestWatches < watches, 'forget it');
    await this.untilBusIsThrough();
  }

  /**
   * After its bus has dropped the watch its driver takes the device down, and Linux's network front end
   * looks at the back end's state until that is closed or gone: one that came anew would keep it, and
   * the whole bus, waiting for good. The balloon driver's node is touched, which the same bus reads.
   */
  private async untilBusIsThrough(): Promise<void> {
    const { store, domid } = this.options;
    const path = `${domainHome(domid)}/memory/target`;
    const target = store.read(path);
    if (target === undefined) return;
    const read = store.nextRead(domid, path);
    store.write(path, target);
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, BUS_PATIENCE_MS))]);
  }

  /** Takes away what the guest never took, without asking it. */
  async withdraw(): Promise<void> {
    this.forget();
    await this.work;
    await this.letGo();
    this.remove();
  }

  /** The domain is gone, or goes on elsewhere. */
  forget(): void {
    this.unwatch?.();
    this.unwatch = null;
    this.isPlugged = false;
  }

  /** New values in the back end's directory, which the front end reads when it is told to look. */
  announce(nodes: DeviceNodes): void {
    this.writeNodes(nodes);
    if (this.isConnected) this.options.store.write(`${this.paths.backend}/state`, '4');
  }

  private write(): void {
    const { store, domid, definition } = this.options;
    store.writeAll(deviceEntries(domid, definition));
    this.writeNodes(definition.features);
    this.setState(XenbusState.initWait);
  }

  private watch(): void {
    this.unwatch ??= this.options.store.watch(this.paths.frontend, () => {
      this.work = this.work.then(() => this.follow()).catch((error: unknown) => this.fail(error));
    });
  }

  private async follow(): Promise<void> {
    const step = this.unwatch ? backendStep(this.stage, this.frontState) : undefined;
    if (step === 'connect') await this.connect();
    else if (step) {
      await this.letGo();
      this.setState(step === 'close' ? XenbusState.closing : XenbusState.closed);
      if (step === 'end' && this.isPlugged) await this.offerAnew();
    }
    this.wake();
  }

  private async connect(): Promise<void> {
    const { store, driver } = this.options;
    const front = new FrontendNodes(this.name, (leaf) =>
      store.read(`${this.paths.frontend}/${leaf}`),
    );
    this.writeNodes(await driver.connect(front));
    this.isConnected = true;
    this.setState(XenbusState.connected);
  }

  private async letGo(): Promise<void> {
    if (!this.isConnected) return;
    this.isConnected = false;
    await this.options.driver.disconnect();
  }

  private async offerAnew(): Promise<void> {
    this.remove();
    await new Promise((resolve) => setTimeout(resolve, OFFER_ANEW_MS));
    if (!this.isPlugged || !this.unwatch) return;
    this.write();
  }

  private remove(): void {
    const { store } = this.options;
    const { frontend, backend, libxl } = this.paths;
    for (const path of [frontend, backend, libxl]) if (store.exists(path)) store.rm(path);
  }

  private get guestWatches(): number {
    const { store, domid } = this.options;
    return store.stats(domid)?.usage.watches ?? -1;
  }

  private fail(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.options.log('warning', `${this.name} does not work: ${why}`);
    if (++this.failures >= MOST_FAILURES) this.isPlugged = false;
    if (this.ownState !== XenbusState.closed) this.setState(XenbusState.closing);
    this.wake();
  }

  private writeNodes(nodes: DeviceNodes): void {
    const { store } = this.options;
    for (const [leaf, value] of Object.entries(nodes)) {
      store.write(`${this.paths.backend}/${leaf}`, String(value));
    }
  }

  private setState(state: XenbusState): void {
    const { store } = this.options;
    if (!store.exists(this.paths.backend) || this.ownState === state) return;
    store.write(`${this.paths.backend}/state`, String(state));
  }

  /** Of a device that came here connected, nothing is connected yet. */
  private get stage(): XenbusState {
    const state = this.ownState;
    return state === XenbusState.connected && !this.isConnected ? XenbusState.initWait : state;
  }

  private get ownState(): XenbusState {
    return this.state(this.paths.backend);
  }

  private get frontState(): XenbusState {
    return this.state(this.paths.frontend);
  }

  private state(directory: string): XenbusState {
    const text = this.options.store.read(`${directory}/state`) ?? '';
    return /^[0-8]$/.test(text) ? (Number(text) as XenbusState) : XenbusState.unknown;
  }

  private async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + TIMEOUT_MS;
    while (!condition()) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) {
        throw new DomusError(
          'device.guest-silent',
          `the guest did not ${what} within ${TIMEOUT_MS / 1000} s (${this.name}): look at its console`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, LOOK_AGAIN_MS));
        this.wake = () => (clearTimeout(timer), resolve());
      });
    }
  }
}
