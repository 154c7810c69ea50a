/**
 * What carries the networks: a switch for each on every host, the hosts joined to one another in a
 * full mesh, and each joined to the gateways' worker.
 *
 * Hosts and gateways come, die and come again on their own. Whoever comes is told everything; those
 * that are there are told of him. A call that fails because its worker is gone is no news.
 */
import { DomusError } from '../../../shared/errors.ts';
import { createFrameRing } from '../../../shared/ring/frame-ring.ts';
import type { GatewaySpec } from '../control/gateway.contract.ts';
import type { NetworkSpec } from '../control/host.contract.ts';
import type { LinkWire } from '../control/link.contract.ts';
import type { HostLink } from '../hosts/host-link.ts';
import type { NetworkDefinition } from '../store/network-table.ts';
import type { GatewayLink } from './gateway-link.ts';
import { gatewayText } from './network-registry.ts';

/** Of each direction of a wire: eight of the largest frames. */
const WIRE_BYTES = 512 * 1024;

export interface FabricOptions {
  networks(): NetworkDefinition[];
  log(level: 'warning', message: string): void;
}

export class Fabric {
  private readonly options: FabricOptions;
  private readonly hosts = new Map<string, HostLink>();
  private gateways: GatewayLink | null = null;

  constructor(options: FabricOptions) {
    this.options = options;
  }

  /** Until its worker is gone. */
  hostUp(name: string, link: HostLink): void {
    for (const network of this.options.networks()) {
      void this.heard(link.call('network.define', hostSpec(network)), `${network.name} on ${name}`);
    }
    for (const [other, otherLink] of this.hosts) this.join(name, link, other, otherLink);
    if (this.gateways) this.joinGateways(name, link, this.gateways);
    this.hosts.set(name, link);
    void link.exited.then(() => this.hostDown(name, link));
  }

  /** Settles when they know all networks. */
  async gatewaysUp(gateways: GatewayLink): Promise<void> {
    this.gateways = gateways;
    void gateways.exited.then(() => this.gatewaysDown(gateways));
    const told = this.options
      .networks()
      .map((network) =>
        this.heard(
          gateways.call('gateway.define', spec(network)),
          `the gateway of ${network.name}`,
        ),
      );
    for (const [name, link] of this.hosts) this.joinGateways(name, link, gateways);
    await Promise.all(told);
  }

  /** A network that is new. */
  async define(network: NetworkDefinition): Promise<void> {
    const { name } = network;
    await Promise.all([
      ...[...this.hosts].map(([host, link]) =>
        this.heard(link.call('network.define', hostSpec(network)), `${name} on ${host}`),
      ),
      this.change(network),
    ]);
  }

  /** The gateway of a network that changed. */
  async change(network: NetworkDefinition): Promise<void> {
    const told = this.gateways?.call('gateway.define', spec(network));
    if (told) await this.heard(told, `the gateway of ${network.name}`);
  }

  async remove({ name }: NetworkDefinition): Promise<void> {
    const gone = [...this.hosts].map(([host, link]) =>
      this.heard(link.call('network.remove', { name }), `${name} on ${host}`),
    );
    const gateway = this.gateways?.call('gateway.remove', { name });
    if (gateway) gone.push(this.heard(gateway, `the gateway of ${name}`));
    await Promise.all(gone);
  }

  private hostDown(name: string, link: HostLink): void {
    if (this.hosts.get(name) !== link) return;
    this.hosts.delete(name);
    for (const [other, otherLink] of this.hosts) {
      const what = `the wire between ${name} and ${other}`;
      void this.heard(otherLink.call('link.leave', { peer: name }), what);
    }
    const gateways = this.gateways?.call('link.leave', { peer: name });
    if (gateways) void this.heard(gateways, `the gateways’ wire to ${name}`);
  }

  private gatewaysDown(gateways: GatewayLink): void {
    if (this.gateways !== gateways) return;
    this.gateways = null;
    for (const [name, link] of this.hosts) {
      void this.heard(link.call('link.leave', { peer: null }), `the gateways’ wire to ${name}`);
    }
  }

  private join(name: string, link: HostLink, other: string, otherLink: HostLink): void {
    const [here, there] = newWire();
    const what = `the wire between ${name} and ${other}`;
    void this.heard(link.call('link.join', { peer: other, wire: here }), what);
    void this.heard(otherLink.call('link.join', { peer: name, wire: there }), what);
  }

  private joinGateways(name: string, link: HostLink, gateways: GatewayLink): void {
    const [here, there] = newWire();
    const what = `the gateways’ wire to ${name}`;
    void this.heard(link.call('link.join', { peer: null, wire: here }), what);
    void this.heard(gateways.call('link.join', { peer: name, wire: there }), what);
  }

  private async heard(call: Promise<void>, what: string): Promise<void> {
    try {
      await call;
    } catch (error) {
      if (error instanceof DomusError && error.code === 'channel.closed') return;
      this.options.log('warning', `${what}: ${String(error)}`);
    }
  }
}

/** For one side and the other: what one sends, the other receives. */
function newWire(): [LinkWire, LinkWire] {
  const [a, b] = [createFrameRing(WIRE_BYTES), createFrameRing(WIRE_BYTES)];
  return [
    { sent: a, received: b },
    { sent: b, received: a },
  ];
}

function hostSpec({ number, name, mtu }: NetworkDefinition): NetworkSpec {
  return { number, name, mtu };
}

function spec(network: NetworkDefinition): GatewaySpec {
  const { kind, subnet, reachesMachine } = network;
  const address = gatewayText(network);
  return { ...hostSpec(network), kind, subnet, address, reachesMachine };
}
