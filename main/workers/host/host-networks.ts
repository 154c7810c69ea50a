/** The networks of a host: a switch each, joined to those of other hosts and the gateways by wires. */
import { DomusError } from '../../../shared/errors.ts';
import type { PortCounters, OffloadAbility } from '../../dom0/network/index.ts';
import { NetworkSwitch, parseMac } from '../../dom0/network/index.ts';
import type { LinkOutlet } from '../../migration/index.ts';
import type { NetworkSpec, VifSpec } from '../../toolstack/control/host.contract.ts';
import { Wires } from '../wires/wires.ts';
import { Cable } from './cable.ts';
import type { DomainHandle } from './domain-handle.ts';

export interface HostNetworksOptions {
  /** All that leaves this host. */
  outlet: LinkOutlet;
  log(message: string): void;
}

export class HostNetworks {
  readonly wires: Wires;
  private readonly networks = new Map<string, { number: number; network: NetworkSwitch }>();
  private readonly log: (message: string) => void;

  constructor({ outlet, log }: HostNetworksOptions) {
    this.wires = new Wires({ outlet: () => outlet, log });
    this.log = log;
  }

  define({ number, name, mtu }: NetworkSpec): void {
    if (this.networks.has(name)) return;
    const network = new NetworkSwitch({ now: () => performance.now(), mtu });
    this.networks.set(name, { number, network });
    this.wires.addNetwork(number, network);
  }

  remove(name: string): void {
    const known = this.networks.get(name);
    if (!known) return;
    this.networks.delete(name);
    this.wires.removeNetwork(known.number);
  }

  /** A domain with this interface is here now, whatever becomes of its cable. */
  arrived({ network, mac }: VifSpec): void {
    const station = parseMac(mac);
    if (station !== null) this.networks.get(network)?.network.arrived(station);
  }

  /** The other hosts hear of it at once. @throws DomusError `network.not-here` */
  plug(
    spec: VifSpec,
    domid: number,
    handle: DomainHandle,
    ability: OffloadAbility,
    counters: PortCounters,
  ): Cable {
    const known = this.networks.get(spec.network);
    if (!known) {
      throw new DomusError('network.not-here', `this host has no network ${spec.network}`);
    }
    const id = `${domid}.${spec.handle}`;
    return new Cable({
      spec,
      id,
      network: known.network,
      handle,
      ability,
      counters,
      wayTo: (host) => this.wires.wayTo(host, known.number),
      broken: (why) => this.log(`interface ${id} does not work any more: ${why}`),
    });
  }
}
