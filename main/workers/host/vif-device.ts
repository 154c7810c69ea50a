/** One virtual network interface of a domain: on xenbus, and its cable to the switch. */
import type { BackendDeviceOptions, XenstoreDaemon } from '../../dom0/index.ts';
import { BackendDevice, vifDevice, vifRings } from '../../dom0/index.ts';
import type { VifSpec } from '../../toolstack/control/host.contract.ts';
import type { DomainHandle } from './domain-handle.ts';
import type { Cable, HostNetworks } from './host-networks.ts';

export class VifDevice {
  readonly bus: BackendDevice;
  private readonly spec: VifSpec;
  private readonly handle: DomainHandle;
  private cable: Cable | null = null;

  constructor(
    spec: VifSpec,
    domid: number,
    networks: HostNetworks,
    store: XenstoreDaemon,
    handle: DomainHandle,
    log: BackendDeviceOptions['log'],
  ) {
    this.spec = spec;
    this.handle = handle;
    this.bus = new BackendDevice({
      store,
      domid,
      definition: vifDevice({ ...spec, bridge: spec.network }),
      driver: {
        connect: async (front) => {
          const rings = vifRings(front);
          await handle.call('connectInterface', { handle: spec.handle, rings });
          this.cable = networks.plug(spec, domid, handle, rings.ability);
          return {};
        },
        disconnect: async () => {
          this.pull();
          await handle.call('disconnectInterface', { handle: spec.handle });
        },
      },
      log,
    });
  }

  /** Its thread knows it: before the guest can. */
  async prepare(): Promise<void> {
    await this.handle.call('addInterface', this.spec);
  }

  /** Settles when the guest has let go of it and its thread has forgotten it. */
  async detach(): Promise<void> {
    await this.bus.unplug();
    await this.handle.call('removeInterface', { handle: this.spec.handle });
  }

  /** The guest did not take it. */
  async withdraw(): Promise<void> {
    await this.bus.withdraw();
    this.pull();
    await this.handle.call('removeInterface', { handle: this.spec.handle });
  }

  /** The domain is gone, or goes on elsewhere. */
  forget(): void {
    this.bus.forget();
    this.pull();
  }

  private pull(): void {
    this.cable?.unplug();
    this.cable = null;
  }
}
