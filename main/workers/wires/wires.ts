/** The wires of a worker to the others, and the uplinks that they are at each network's switch. */
import type { NetworkSwitch, SwitchPort } from '../../dom0/network/index.ts';
import { FULL_ABILITY } from '../../dom0/network/index.ts';
import type { LinkOutlet } from '../../migration/index.ts';
import type { LinkWire } from '../../toolstack/control/link.contract.ts';
import { Wire } from './wire.ts';
import type { WireCounters } from './wire.ts';

/** The gateways' worker, among names of hosts. */
const GATEWAYS = 'the gateways';

export interface WiresOptions {
  /** What leaves over a new wire: the same for all, or one for each. */
  outlet(): LinkOutlet;
  log(message: string): void;
}

/** From a switch to a peer's. */
export interface Way {
  uplink: SwitchPort;
  /** Whether the wire takes a frame of so many bytes now. */
  hasRoom(frameBytes: number): boolean;
}

interface Peer {
  wire: Wire;
  /** By the number of the network. */
  uplinks: Map<number, Uplink>;
}

interface Uplink {
  network: NetworkSwitch;
  port: SwitchPort;
}

export class Wires {
  private readonly options: WiresOptions;
  private readonly networks = new Map<number, NetworkSwitch>();
  private readonly peers = new Map<string, Peer>();
  private lastWire = 0;

  constructor(options: WiresOptions) {
    this.options = options;
  }

  /** Null: the gateways. In place of one that is there. */
  join(to: string | null, rings: LinkWire): void {
    const name = to ?? GATEWAYS;
    this.leave(to);
    const uplinks: Peer['uplinks'] = new Map();
    const wire = new Wire({
      rings,
      outlet: this.options.outlet(),
      flow: `wire ${++this.lastWire}`,
      receive: (number, frame, offload, isForwarded) =>
        uplinks.get(number)?.port.receive(frame, offload, isForwarded),
      broken: (why) => this.options.log(`the wire to ${name} is broken: ${why}`),
    });
    this.peers.set(name, { wire, uplinks });
    for (const [number, network] of this.networks) this.plug(name, number, network);
  }

  leave(to: string | null): void {
    const name = to ?? GATEWAYS;
    const peer = this.peers.get(name);
    if (!peer) return;
    this.peers.delete(name);
    peer.wire.close();
    for (const { network, port } of peer.uplinks.values()) network.detach(port);
  }

  /** Of the wire to a peer; null where there is none. */
  countersOf(to: string | null): Readonly<WireCounters> | null {
    return this.peers.get(to ?? GATEWAYS)?.wire.counters ?? null;
  }

  /** Behind which a peer's stations of that network are; null where there is none. */
  wayTo(to: string, number: number): Way | null {
    const peer = this.peers.get(to);
    const uplink = peer?.uplinks.get(number);
    if (!peer || !uplink) return null;
    return { uplink: uplink.port, hasRoom: (frameBytes) => peer.wire.hasRoom(frameBytes) };
  }

  addNetwork(number: number, network: NetworkSwitch): void {
    this.networks.set(number, network);
    for (const name of this.peers.keys()) this.plug(name, number, network);
  }

  removeNetwork(number: number): void {
    this.networks.delete(number);
    for (const { uplinks } of this.peers.values()) {
      const uplink = uplinks.get(number);
      uplink?.network.detach(uplink.port);
      uplinks.delete(number);
    }
  }

  private plug(name: string, number: number, network: NetworkSwitch): void {
    const peer = this.peers.get(name);
    if (!peer) return;
    // What may get lost are frames, not the super-frames of up to forty that a good wire carries.
    const segmentation = peer.wire.lossRatio === 0;
    const port = network.attach({
      id: `uplink to ${name}`,
      kind: 'uplink',
      mac: null,
      ability: { ...FULL_ABILITY, segmentation },
      deliver: (frame, offload, isForwarded) => peer.wire.send(number, frame, offload, isForwarded),
    });
    peer.uplinks.set(number, { network, port });
  }
}
