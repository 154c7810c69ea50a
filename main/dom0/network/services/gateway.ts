/**
 * The network's own station: the address that guests know as router, DHCP server and name server.
 * It answers ARP and echoes, hands datagrams to the services at its ports, and what is for others to
 * those who carry it on (a router, the outside). What nobody takes is refused with ICMP.
 */
import type { Ipv4Address, Subnet } from '../address/ipv4-address.ts';
import { LIMITED_BROADCAST, broadcastOf, contains } from '../address/ipv4-address.ts';
import { BROADCAST_MAC } from '../address/mac-address.ts';
import type { MacAddress } from '../address/mac-address.ts';
import { NO_OFFLOAD } from '../offload/offload.ts';
import type { Offload } from '../offload/offload.ts';
import { ArpOperation, buildArp, readArp } from '../protocol/arp.ts';
import type { Endpoint } from '../protocol/endpoints.ts';
import { EtherType, readEthernet, viewOf } from '../protocol/ethernet.ts';
import { writeMac } from '../address/mac-address.ts';
import {
  IcmpType,
  UnreachableCode,
  buildEcho,
  buildIcmpError,
  readIcmp,
} from '../protocol/icmp.ts';
import { IpProtocol, isFragment, isHeaderIntact, readIpv4 } from '../protocol/ipv4.ts';
import type { Ipv4Header } from '../protocol/ipv4.ts';
import { buildUdp, isUdpIntact, readUdp } from '../protocol/udp.ts';
import { Neighbours } from './neighbours.ts';

export interface GatewayOptions {
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
  readonly subnet: Subnet;
  readonly mtu: number;
  readonly now: () => number;
  /** Into the switch. */
  send(frame: Uint8Array, offload: Offload): void;
  /** MAC addresses of leases, so that no ARP is needed for them. */
  leased?(address: Ipv4Address): MacAddress | null;
}

/** A whole, intact IPv4 datagram from a guest; valid during the call only. */
export interface Packet {
  readonly frame: Uint8Array;
  readonly view: DataView;
  readonly offload: Offload;
  readonly sourceMac: MacAddress;
  readonly ip: Ipv4Header;
}

/** A datagram for the gateway itself; the payload is valid during the call only. */
export interface Datagram {
  readonly sourceMac: MacAddress;
  readonly source: Endpoint;
  readonly payload: Uint8Array;
}

/** @returns false when somebody else may have it */
export type PacketHandler = (packet: Packet) => boolean;

export class Gateway {
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
  readonly subnet: Subnet;
  readonly mtu: number;
  /** Frames that nobody could use. */
  dropped = 0;
  private readonly options: GatewayOptions;
  private readonly neighbours: Neighbours;
  private readonly services = new Map<number, (datagram: Datagram) => void>();
  private readonly handlers: PacketHandler[] = [];

  constructor(options: GatewayOptions) {
    this.options = options;
    this.mac = options.mac;
    this.address = options.address;
    this.subnet = options.subnet;
    this.mtu = options.mtu;
    this.neighbours = new Neighbours({
      now: options.now,
      ask: (address) => this.ask(address),
      leased: (address) => options.leased?.(address) ?? null,
    });
  }

  /** Datagrams for the gateway at this UDP port, broadcasts too; in place of who listened there. */
  listen(port: number, service: (datagram: Datagram) => void): void {
    this.services.set(port, service);
  }

  unlisten(port: number): void {
    this.services.delete(port);
  }

  isListening(port: number): boolean {
    return this.services.has(port);
  }

  /**
   * TCP for the gateway itself, and everything for addresses outside of its network. Handlers are
   * asked in the order in which they came.
   */
  handle(handler: PacketHandler): void {
    this.handlers.push(handler);
  }

  /** A frame from the switch. Always true: what cannot be used is counted here. */
  receive(frame: Uint8Array, offload: Offload): boolean {
    const view = viewOf(frame);
    const ethernet = readEthernet(view);
    if (!ethernet) return true;
    const { destination, source, etherType } = ethernet;
    if (destination !== this.mac && destination !== BROADCAST_MAC) return true;
    if (etherType === EtherType.arp) this.receiveArp(view);
    if (etherType !== EtherType.ipv4) return true;
    const ip = readIpv4(view);
    if (!ip || !isHeaderIntact(view, ip)) {
      this.dropped++;
      return true;
    }
    if (contains(this.subnet, ip.source)) this.learn(ip.source, source);
    const packet = { frame, view, offload, sourceMac: source, ip };
    if (this.isForAll(ip.destination)) this.receiveUdp(packet);
    else if (destination === this.mac) this.receiveUnicast(packet);
    return true;
  }

  /**
   * Sends an IPv4 frame to an address of the network. Its Ethernet addresses are filled in here; the
   * frame belongs to the gateway from now on.
   */
  transmit(frame: Uint8Array, destination: Ipv4Address, offload: Offload = NO_OFFLOAD): void {
    const view = viewOf(frame);
    writeMac(view, 6, this.mac);
    const mac = this.isForAll(destination) ? BROADCAST_MAC : this.neighbours.find(destination);
    if (mac === null) {
      this.neighbours.wait(destination, frame, offload);
      return;
    }
    writeMac(view, 0, mac);
    this.options.send(frame, offload);
  }

  /** Sends a datagram from the gateway's own address, to a MAC address that is known. */
  sendUdp(to: Endpoint, mac: MacAddress, sourcePort: number, payload: Uint8Array): void {
    const route = {
      sourceMac: this.mac,
      destinationMac: mac,
      source: this.address,
      destination: to.address,
    };
    this.options.send(buildUdp(route, sourcePort, to.port, payload), NO_OFFLOAD);
  }

  /** Tells the sender of a packet that it went nowhere; never about errors (RFC 1122, 3.2.2). */
  refuse(
    { frame, ip, sourceMac, view }: Packet,
    type: 'unreachable' | 'timeExceeded',
    code: number,
    nextHopMtu = 0,
  ): void {
    if (ip.fragmentOffset > 0) return;
    if (ip.protocol === IpProtocol.icmp) {
      if (readIcmp(view, ip)?.type !== IcmpType.echoRequest) return;
    }
    const route = {
      sourceMac: this.mac,
      destinationMac: sourceMac,
      source: this.address,
      destination: ip.source,
    };
    this.options.send(buildIcmpError(route, type, code, frame, ip, nextHopMtu), NO_OFFLOAD);
  }

  /** Broadcasts that this network's guests hear. */
  isForAll(address: Ipv4Address): boolean {
    return address === LIMITED_BROADCAST || address === broadcastOf(this.subnet);
  }

  private receiveArp(view: DataView): void {
    const arp = readArp(view);
    if (!arp || !contains(this.subnet, arp.senderAddress)) return;
    this.learn(arp.senderAddress, arp.senderMac);
    if (arp.operation !== ArpOperation.request || arp.targetAddress !== this.address) return;
    const reply = {
      operation: ArpOperation.reply,
      senderMac: this.mac,
      senderAddress: this.address,
      targetMac: arp.senderMac,
      targetAddress: arp.senderAddress,
    };
    this.options.send(buildArp(reply, arp.senderMac), NO_OFFLOAD);
  }

  private receiveUnicast(packet: Packet): void {
    const { ip } = packet;
    const isOwn = ip.destination === this.address;
    if (isOwn && ip.protocol === IpProtocol.icmp) this.answerEcho(packet);
    else if (isOwn && ip.protocol === IpProtocol.udp) this.receiveUdp(packet);
    else if (!isOwn && contains(this.subnet, ip.destination)) this.dropped++;
    else if (!this.handlers.some((handler) => handler(packet))) {
      this.refuse(packet, 'unreachable', UnreachableCode.prohibited);
    }
  }

  private answerEcho({ frame, view, ip, sourceMac }: Packet): void {
    const icmp = isFragment(ip) ? null : readIcmp(view, ip);
    if (icmp?.type !== IcmpType.echoRequest) return;
    const route = {
      sourceMac: this.mac,
      destinationMac: sourceMac,
      source: this.address,
      destination: ip.source,
    };
    const payload = frame.subarray(icmp.payloadAt, icmp.payloadEnd);
    this.options.send(buildEcho(route, 'echoReply', icmp.rest, payload), NO_OFFLOAD);
  }

  private receiveUdp(packet: Packet): void {
    const { ip, view, frame, offload, sourceMac } = packet;
    if (ip.protocol !== IpProtocol.udp) return;
    const udp = isFragment(ip) ? null : readUdp(view, ip);
    if (!udp || (!offload.checksumPartial && !isUdpIntact(view, ip, udp))) {
      this.dropped++;
      return;
    }
    const service = this.services.get(udp.destinationPort);
    if (service) {
      const source = { address: ip.source, port: udp.sourcePort };
      service({ sourceMac, source, payload: frame.subarray(udp.payloadAt, udp.payloadEnd) });
    } else if (ip.destination === this.address) {
      this.refuse(packet, 'unreachable', UnreachableCode.port);
    }
  }

  private learn(address: Ipv4Address, mac: MacAddress): void {
    for (const { frame, offload } of this.neighbours.learn(address, mac)) {
      writeMac(viewOf(frame), 0, mac);
      this.options.send(frame, offload);
    }
  }

  private ask(address: Ipv4Address): void {
    const request = {
      operation: ArpOperation.request,
      senderMac: this.mac,
      senderAddress: this.address,
      targetMac: 0,
      targetAddress: address,
    };
    this.options.send(buildArp(request, BROADCAST_MAC), NO_OFFLOAD);
  }
}
