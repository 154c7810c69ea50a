/** A DHCP server (RFC 2131) at a gateway: it hands out the addresses that were assigned. */
import type { Ipv4Address } from '../address/ipv4-address.ts';
import { LIMITED_BROADCAST, broadcastOf, maskOf } from '../address/ipv4-address.ts';
import { BROADCAST_MAC } from '../address/mac-address.ts';
import {
  DhcpOperation,
  DhcpOption,
  DhcpPort,
  DhcpType,
  buildDhcp,
  readDhcp,
  shortOption,
  textOption,
  wordOption,
} from '../protocol/dhcp.ts';
import type { DhcpMessage, DhcpOptionValue } from '../protocol/dhcp.ts';
import type { Assignment, Assignments } from './assignments.ts';
import type { Datagram, Gateway } from './gateway.ts';

export interface DhcpOptions {
  readonly assignments: Assignments;
  readonly leaseSeconds: number;
  /** Null where nothing is reached beyond the network. */
  readonly router: Ipv4Address | null;
  readonly nameServer: Ipv4Address | null;
  readonly domain: string;
  /** A guest took its address, or took it again: the acknowledgment is sent. */
  taken?(assignment: Assignment): void;
}

export class DhcpService {
  /** Requests of interfaces that no address is assigned to. */
  unknown = 0;
  /** Requests that made no sense, or were made for another. */
  refused = 0;
  private readonly gateway: Gateway;
  private readonly options: DhcpOptions;

  constructor(gateway: Gateway, options: DhcpOptions) {
    this.gateway = gateway;
    this.options = options;
    gateway.listen(DhcpPort.server, (datagram) => this.receive(datagram));
  }

  private receive({ payload, source, sourceMac }: Datagram): void {
    const message = readDhcp(payload);
    const isClient = message?.operation === DhcpOperation.request;
    // The switch vouches for the frame's MAC: a guest asks for itself.
    if (!message || !isClient || message.clientMac !== sourceMac) {
      this.refused++;
      return;
    }
    if (message.type === DhcpType.discover) this.offer(message);
    else if (message.type === DhcpType.request) this.acknowledge(message);
    else if (message.type === DhcpType.inform) this.inform(message, source.address);
    else if (message.type !== DhcpType.release) this.refused++;
    // A released address stays its guest's. A declined one as well: addresses are guarded at the
    // switch, so that nobody else can have it.
  }

  private offer(message: DhcpMessage): void {
    const assigned = this.options.assignments.ofMac(message.clientMac);
    if (assigned) this.reply(message, DhcpType.offer, assigned);
    else this.unknown++;
  }

  /** RFC 2131 section 4.3.2: after an offer, after a reboot, or to renew. */
  private acknowledge(message: DhcpMessage): void {
    if (message.server !== null && message.server !== this.gateway.address) return;
    const assigned = this.options.assignments.ofMac(message.clientMac);
    if (!assigned) {
      this.unknown++;
      return;
    }
    const wanted = message.requestedAddress ?? message.clientAddress;
    if (wanted !== assigned.address) {
      this.send(message, DhcpType.nak, 0, []);
      return;
    }
    this.reply(message, DhcpType.ack, assigned);
    this.options.taken?.(assigned);
  }

  /** The client has an address and asks for the rest. */
  private inform(message: DhcpMessage, address: Ipv4Address): void {
    const isTrue = message.clientAddress === address;
    if (isTrue) this.send(message, DhcpType.ack, 0, this.networkOptions());
    else this.refused++;
  }

  private reply(message: DhcpMessage, type: number, { address, name }: Assignment): void {
    const { leaseSeconds } = this.options;
    const options = [
      wordOption(DhcpOption.leaseSeconds, leaseSeconds),
      wordOption(DhcpOption.renewalSeconds, Math.floor(leaseSeconds / 2)),
      wordOption(DhcpOption.rebindingSeconds, Math.floor((leaseSeconds * 7) / 8)),
      ...this.networkOptions(),
    ];
    options.push(textOption(DhcpOption.hostName, name));
    this.send(message, type, address, options);
  }

  private networkOptions(): DhcpOptionValue[] {
    const { router, nameServer, domain } = this.options;
    const { subnet, mtu } = this.gateway;
    const options = [
      wordOption(DhcpOption.subnetMask, maskOf(subnet)),
      wordOption(DhcpOption.broadcast, broadcastOf(subnet)),
      shortOption(DhcpOption.mtu, mtu),
      textOption(DhcpOption.domainName, domain),
    ];
    if (router !== null) options.push(wordOption(DhcpOption.router, router));
    if (nameServer !== null) options.push(wordOption(DhcpOption.dns, nameServer));
    return options;
  }

  /** Where to: RFC 2131 section 4.1. */
  private send(
    request: DhcpMessage,
    type: number,
    yourAddress: Ipv4Address,
    options: readonly DhcpOptionValue[],
  ): void {
    const hasAddress = request.clientAddress !== 0 && type !== DhcpType.nak;
    const isForAll = !hasAddress && (request.wantsBroadcast || type === DhcpType.nak);
    const reply: DhcpMessage = {
      operation: DhcpOperation.reply,
      type,
      transaction: request.transaction,
      wantsBroadcast: request.wantsBroadcast,
      clientAddress: hasAddress ? request.clientAddress : 0,
      yourAddress,
      clientMac: request.clientMac,
      requestedAddress: null,
      server: this.gateway.address,
    };
    const unicast = hasAddress ? request.clientAddress : yourAddress;
    const address = isForAll ? LIMITED_BROADCAST : unicast;
    const mac = isForAll ? BROADCAST_MAC : request.clientMac;
    const to = { address, port: DhcpPort.client };
    this.gateway.sendUdp(to, mac, DhcpPort.server, buildDhcp(reply, options));
  }
}
