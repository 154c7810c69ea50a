/**
 * What the toolstack asks of the gateways' worker: one for the whole site, beside the hosts, joined
 * to each by a wire, so that a guest that moves keeps its connections to the outside.
 *
 * The toolstack assigns all addresses: the DHCP service here hands out what it is told, and nothing
 * else.
 */
import type { NetworkKind } from '../../../shared/contract/index.ts';
import type { LinkCalls } from './link.contract.ts';
import type { NetworkSpec } from './host.contract.ts';

export interface GatewaySpec extends NetworkSpec {
  kind: NetworkKind;
  /** `10.77.0.0/24` */
  subnet: string;
  address: string;
  reachesMachine: boolean;
}

/** An address that an interface has, and the name that others find it by. */
export interface AssignedAddress {
  mac: string;
  address: string;
  /** Of the domain. */
  name: string;
}

export interface ForwardSpec {
  protocol: 'tcp' | 'udp';
  /** On 127.0.0.1; 0: the system chooses. */
  port: number;
  network: string;
  address: string;
  toPort: number;
}

export type GatewayCalls = LinkCalls & {
  /** A network's gateway, or its changed kind. */
  'gateway.define': { params: GatewaySpec; result: void };
  /** Ends its connections and forwards. */
  'gateway.remove': { params: { name: string }; result: void };
  /** All addresses of a network, in place of those of before. Who has none any more is cut off. */
  'gateway.assign': { params: { name: string; addresses: AssignedAddress[] }; result: void };
  /** @throws DomusError `network.port-in-use`, `network.port-refused` */
  'forward.open': { params: ForwardSpec; result: { port: number } };
  'forward.close': { params: { protocol: 'tcp' | 'udp'; port: number }; result: void };
};

export type GatewayEvents = {
  /** A guest asked by DHCP and was given its address (an ACK was sent): at first, and when it renews. */
  'address.taken': { network: string; mac: string; address: string };
  log: {
    level: 'debug' | 'info' | 'warning' | 'error';
    source: string;
    message: string;
    uuid: string | null;
  };
};

/** `workerData` of the gateways' worker. */
export interface GatewayWorkerData {
  /** Of the names of domains in DNS: `web1.domus.internal`. */
  zone: string;
}
