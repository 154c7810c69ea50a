/** The devices of a domain on this host: its agent's console, its disks, its interfaces. */
import type { InterfaceCounters } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { BackendDevice, BackendDeviceOptions, XenstoreDaemon } from '../../dom0/index.ts';
import type { DiskSpec, DomainSpec, VifSpec } from '../../toolstack/control/host.contract.ts';
import { agentDevice } from './agent-device.ts';
import { DiskDevice } from './disk-device.ts';
import type { DomainHandle } from './domain-handle.ts';
import type { HostNetworks } from './host-networks.ts';
import { VifDevice } from './vif-device.ts';

export interface HostedDevicesParts {
  spec: DomainSpec;
  store: XenstoreDaemon;
  handle: DomainHandle;
  networks: HostNetworks;
  log: BackendDeviceOptions['log'];
}

export class HostedDevices {
  readonly agent: BackendDevice;
  private readonly parts: HostedDevicesParts;
  private readonly disks = new Map<string, DiskDevice>();
  private readonly interfaces = new Map<number, VifDevice>();
  private preparation: Promise<unknown> = Promise.resolve();

  constructor(parts: HostedDevicesParts) {
    const { spec, store, handle, log } = parts;
    this.parts = parts;
    this.agent = agentDevice(store, spec.domid, handle, log);
  }

  /** Its thread is told of its devices; xenstore and the guest come to know them by `begin`. */
  prepare(): void {
    const { spec } = this.parts;
    this.preparation = Promise.all([
      ...spec.disks.map((disk) => this.addDisk(disk).prepare()),
      ...spec.interfaces.map((vif) => this.addInterface(vif).prepare()),
    ]);
    this.preparation.catch(() => undefined); // told to whoever waits for it
  }

  /** Settles when the thread knows what {@link prepare} told it. */
  async prepared(): Promise<void> {
    await this.preparation;
  }

  /** The domain is in xenstore: what came with it is taken up, the rest is offered. */
  begin(): void {
    if (this.agent.isOffered) this.agent.resume();
    for (const vif of this.interfaces.values()) vif.arrived();
    for (const { bus } of [...this.disks.values(), ...this.interfaces.values()]) {
      if (bus.isOffered) bus.resume();
      else bus.offer();
    }
  }

  /** The domain stands still, and may go on at another host. */
  flush(): void {
    for (const vif of this.interfaces.values()) vif.flush();
  }

  /** The domain goes on at another host: what comes over the network for it is sent after it. */
  depart(host: string): void {
    for (const vif of this.interfaces.values()) vif.depart(host);
  }

  /** The domain is gone, or goes on elsewhere. */
  forget(): void {
    this.agent.forget();
    for (const { bus } of this.disks.values()) bus.forget();
    for (const vif of this.interfaces.values()) vif.forget();
  }

  /** Settles when the guest has it; one that it does not take is taken back. */
  async attachDisk(spec: DiskSpec): Promise<void> {
    if (this.disks.has(spec.name)) {
      throw new DomusError('disk.name-taken', `the domain has a disk ${spec.name} already`);
    }
    await plug(this.addDisk(spec), () => this.disks.delete(spec.name));
  }

  async detachDisk(name: string): Promise<void> {
    await this.disk(name).detach();
    this.disks.delete(name);
  }

  resizeDisk(name: string, bytes: number): Promise<void> {
    return this.disk(name).resize(bytes);
  }

  /** As `attachDisk`. */
  async attachInterface(spec: VifSpec): Promise<void> {
    if (this.interfaces.has(spec.handle)) {
      throw new DomusError(
        'interface.number-taken',
        `the domain has an interface ${spec.handle} already`,
      );
    }
    await plug(this.addInterface(spec), () => this.interfaces.delete(spec.handle));
  }

  async detachInterface(handle: number): Promise<void> {
    await this.interface(handle).detach();
    this.interfaces.delete(handle);
  }

  /** @throws DomusError `interface.not-attached` */
  interface(handle: number): VifDevice {
    const vif = this.interfaces.get(handle);
    if (vif) return vif;
    const { name } = this.parts.spec;
    throw new DomusError('interface.not-attached', `domain ${name} has no interface ${handle}`);
  }

  interfaceCounters(): InterfaceCounters[] {
    return [...this.interfaces.values()].map((vif) => vif.counts);
  }

  private addDisk(spec: DiskSpec): DiskDevice {
    const { spec: domain, store, handle, log } = this.parts;
    const disk = new DiskDevice(spec, domain.domid, store, handle, log);
    this.disks.set(spec.name, disk);
    return disk;
  }

  private addInterface(spec: VifSpec): VifDevice {
    const { spec: domain, networks, store, handle, log } = this.parts;
    const vif = new VifDevice(spec, domain.domid, networks, store, handle, log);
    this.interfaces.set(spec.handle, vif);
    return vif;
  }

  private disk(name: string): DiskDevice {
    const disk = this.disks.get(name);
    if (disk) return disk;
    throw new DomusError('disk.not-attached', `domain ${this.parts.spec.name} has no disk ${name}`);
  }
}

/** Settles when the guest has the device; else takes it back whole. */
async function plug(device: DiskDevice | VifDevice, remove: () => void): Promise<void> {
  try {
    await device.prepare();
    await device.bus.plug();
  } catch (error) {
    await device.withdraw();
    remove();
    throw error;
  }
}
