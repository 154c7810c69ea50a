/** The gateways of all networks of a site, and the wires to its hosts. Serves `GatewayCalls`. */
import type { Handlers } from '../../../shared/channel/channel.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { Ipv4Address } from '../../dom0/network/index.ts';
import { contains, Router } from '../../dom0/network/index.ts';
import { LinkOutlet } from '../../migration/index.ts';
import type {
  GatewayCalls,
  GatewayEvents,
  GatewaySpec,
  GatewayWorkerData,
} from '../../toolstack/control/gateway.contract.ts';
import { Wires } from '../wires/wires.ts';
import { SiteNetwork } from './site-network.ts';

type Emit = <Name extends keyof GatewayEvents>(name: Name, payload: GatewayEvents[Name]) => void;

/** Towards each host: a gigabit. The way back is each host's own link. */
const WIRE_SHAPE = { bandwidthBytesPerSecond: 125_000_000, latencyMs: 0, burstBytes: 0 };

export class GatewayThread {
  private readonly zone: string;
  private readonly emit: Emit;
  private readonly router = new Router();
  private readonly networks = new Map<string, SiteNetwork>();
  private readonly wires: Wires;

  constructor(data: GatewayWorkerData, emit: Emit) {
    this.zone = data.zone;
    this.emit = emit;
    this.wires = new Wires({
      outlet: () => new LinkOutlet(WIRE_SHAPE),
      log: (message) => emit('log', { level: 'error', source: 'gateways', message, uuid: null }),
    });
  }

  readonly handlers: Handlers<GatewayCalls> = {
    'gateway.define': (spec) => this.define(spec),
    'gateway.remove': ({ name }) => this.remove(name),
    'gateway.assign': ({ name, addresses }) => this.network(name).assign(addresses),
    'forward.open': async (spec) => ({ port: await this.network(spec.network).openForward(spec) }),
    'forward.close': async ({ protocol, port }) => {
      for (const network of this.networks.values()) await network.closeForward(protocol, port);
    },
    'link.join': ({ peer, wire }) => this.wires.join(peer, wire),
    'link.leave': ({ peer }) => this.wires.leave(peer),
  };

  private async define(spec: GatewaySpec): Promise<void> {
    const known = this.networks.get(spec.name);
    if (known && hasSameAddresses(known.spec, spec)) return known.configure(spec);
    await this.remove(spec.name);
    const network: SiteNetwork = new SiteNetwork(spec, {
      zone: this.zone,
      router: this.router,
      isOfSite: (address) => this.isOfSite(address),
      addressesBeyond: (name) => this.addressesBeyond(network, name),
      taken: (mac, address) => this.emit('address.taken', { network: spec.name, mac, address }),
    });
    this.networks.set(spec.name, network);
    this.wires.addNetwork(spec.number, network.network);
  }

  private async remove(name: string): Promise<void> {
    const network = this.networks.get(name);
    if (!network) return;
    this.networks.delete(name);
    this.wires.removeNetwork(network.spec.number);
    await network.close();
  }

  private network(name: string): SiteNetwork {
    const network = this.networks.get(name);
    if (network) return network;
    throw new DomusError('network.not-here', `there is no gateway for a network ${name}`);
  }

  private isOfSite(address: Ipv4Address): boolean {
    return [...this.networks.values()].some(({ gateway }) => contains(gateway.subnet, address));
  }

  private addressesBeyond(from: SiteNetwork, name: string): Ipv4Address[] {
    return [...this.networks.values()]
      .filter((network) => network !== from && network.spec.kind !== 'isolated')
      .flatMap((network) => network.addressesOf(name));
  }
}

function hasSameAddresses(one: GatewaySpec, other: GatewaySpec): boolean {
  return (
    one.number === other.number &&
    one.mtu === other.mtu &&
    one.subnet === other.subnet &&
    one.address === other.address
  );
}
