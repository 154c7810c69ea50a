/** One virtual network interface of a domain: on xenbus, and its cable to the switch. */
import type { InterfaceCounters } from '../../../shared/contract/index.ts';
import type { BackendDeviceOptions, XenstoreDaemon } from '../../dom0/index.ts';
import { BackendDevice, vifDevice, vifRings } from '../../dom0/index.ts';
import type { VifRules, VifSpec } from '../../toolstack/control/host.contract.ts';
import type { FrameTap, PortCounters } from '../../dom0/network/index.ts';
import { newCounters } from '../../dom0/network/index.ts';
import type { DomainHandle } from './domain-handle.ts';
import type { Cable } from './cable.ts';
import type { HostNetworks } from './host-networks.ts';

/** Who sees what an interface sends and gets. */
export interface VifListener {
  tap: FrameTap;
  /** There is nothing more to see here. @param reason null: the domain is gone, or moved */
  gone(reason: string | null): void;
}

export class VifDevice {
  readonly bus: BackendDevice;
  private readonly spec: VifSpec;
  private readonly networks: HostNetworks;
  private readonly handle: DomainHandle;
  /** Of all its cables: a front end may come and go. */
  private readonly counters = newCounters();
  private readonly listeners = new Set<VifListener>();
  private cable: Cable | null = null;

  constructor(
    spec: VifSpec,
    domid: number,
    networks: HostNetworks,
    store: XenstoreDaemon,
    handle: DomainHandle,
    log: BackendDeviceOptions['log'],
  ) {
    this.spec = { ...spec };
    this.networks = networks;
    this.handle = handle;
    this.bus = new BackendDevice({
      store,
      domid,
      definition: vifDevice({ ...spec, bridge: spec.network }),
      driver: {
        // The cable first: what comes for a guest that moved waits in its ring, and nowhere else.
        connect: async (front) => {
          const rings = vifRings(front);
          this.cable = networks.plug(this.spec, domid, handle, rings.ability, this.counters);
          this.tap();
          try {
            await handle.call('connectInterface', { handle: spec.handle, rings });
          } catch (error) {
            this.pull();
            throw error;
          }
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
    this.end('the interface was detached');
    await this.handle.call('removeInterface', { handle: this.spec.handle });
  }

  /** The guest did not take it. */
  async withdraw(): Promise<void> {
    await this.bus.withdraw();
    this.pull();
    await this.handle.call('removeInterface', { handle: this.spec.handle });
  }

  /** The domain is here, whatever becomes of its cable. */
  arrived(): void {
    this.networks.arrived(this.spec);
  }

  /** The domain stands still: what it has sent leaves. */
  flush(): void {
    this.cable?.flush();
  }

  /** The domain goes on at another host; its thread here does nothing any more. */
  depart(host: string): void {
    const { cable } = this;
    this.cable = null;
    // Its rings hold what no back end writes.
    cable?.depart(host).catch(() => cable.unplug());
  }

  /** The domain is gone; its thread here has ended. */
  forget(): void {
    this.bus.forget();
    this.pull();
    this.end(null);
  }

  /** Shows what passes from now on, whatever becomes of the front end; returns its own undo. */
  listen(listener: VifListener): () => void {
    this.listeners.add(listener);
    this.tap();
    return () => {
      this.listeners.delete(listener);
      this.tap();
    };
  }

  /**
   * At once. The switch's port is the cable: Linux' front end has a carrier as long as it is
   * connected (xen-netfront, netback_changed), whatever its back end says. When the link is up again
   * it is told that its back end is connected, upon which it makes itself heard.
   */
  configure(rules: VifRules): void {
    const isBack = rules.linkUp && !this.spec.linkUp;
    Object.assign(this.spec, rules);
    this.cable?.configure(rules);
    if (isBack) this.bus.announce({});
  }

  /** Since it is here. */
  get counts(): InterfaceCounters {
    const { sendDrops, receiveDrops, ...counts } = this.counters;
    const drops = [...dropsOf('sent', sendDrops), ...dropsOf('received', receiveDrops)];
    return { handle: this.spec.handle, ...counts, drops };
  }

  private tap(): void {
    if (!this.cable) return;
    const { listeners } = this;
    this.cable.tap =
      listeners.size === 0
        ? null
        : (...seen) => {
            for (const { tap } of listeners) tap(...seen);
          };
  }

  private end(reason: string | null): void {
    for (const { gone } of [...this.listeners]) gone(reason);
  }

  private pull(): void {
    this.cable?.unplug();
    this.cable = null;
  }
}

function dropsOf(
  direction: 'sent' | 'received',
  drops: PortCounters['sendDrops'],
): InterfaceCounters['drops'] {
  return Object.entries(drops)
    .filter(([, frames]) => frames > 0)
    .map(([reason, frames]) => ({ direction, reason, frames }));
}
