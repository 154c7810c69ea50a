/** One virtual block device of a domain on xenbus; its data path is in the domain's thread. */
import type { XenstoreDaemon } from '../../dom0/index.ts';
import { BackendDevice, vbdDevice, vbdProperties, vbdRings, vbdSize } from '../../dom0/index.ts';
import type { BackendDeviceOptions } from '../../dom0/index.ts';
import type { DiskSpec } from '../../toolstack/control/host.contract.ts';
import type { DomainHandle } from './domain-handle.ts';

export class DiskDevice {
  readonly spec: DiskSpec;
  readonly bus: BackendDevice;
  private readonly handle: DomainHandle;

  constructor(
    spec: DiskSpec,
    domid: number,
    store: XenstoreDaemon,
    handle: DomainHandle,
    log: BackendDeviceOptions['log'],
  ) {
    this.spec = { ...spec };
    this.handle = handle;
    const { name } = spec;
    this.bus = new BackendDevice({
      store,
      domid,
      definition: vbdDevice(this.spec),
      driver: {
        connect: async (front) => {
          await handle.call('connectDisk', { name, rings: vbdRings(front) });
          return vbdProperties(this.spec);
        },
        disconnect: () => handle.call('disconnectDisk', { name }),
      },
      log,
    });
  }

  /** Its thread knows it: before the guest can. */
  async prepare(): Promise<void> {
    await this.handle.call('addDisk', this.spec);
  }

  /** Settles when the guest has let go of it and its thread has forgotten it. */
  async detach(): Promise<void> {
    await this.bus.unplug();
    await this.handle.call('removeDisk', { name: this.spec.name });
  }

  /** The guest did not take it. */
  async withdraw(): Promise<void> {
    await this.bus.withdraw();
    await this.handle.call('removeDisk', { name: this.spec.name });
  }

  async resize(bytes: number): Promise<void> {
    this.spec.bytes = bytes;
    await this.handle.call('resizeDisk', { name: this.spec.name, bytes });
    this.bus.announce(vbdSize(bytes));
  }
}
