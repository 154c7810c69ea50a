/** Carries datagrams between networks of kind `routed`, through their gateways (RFC 1812). */
import { contains } from '../address/ipv4-address.ts';
import { ETHERNET_HEADER_BYTES, viewOf } from '../protocol/ethernet.ts';
import { UnreachableCode } from '../protocol/icmp.ts';
import { writeTtl } from '../protocol/ipv4.ts';
import { readTcp } from '../protocol/tcp.ts';
import type { Gateway, Packet } from './gateway.ts';

const TTL_EXPIRED_IN_TRANSIT = 0;

export class Router {
  private readonly gateways = new Set<Gateway>();
  private readonly known = new WeakSet<Gateway>();

  /**
   * Joins a network; its guests reach those of the others, and the other way round. Its place among
   * the gateway's handlers is that of the first time.
   */
  join(gateway: Gateway): void {
    this.gateways.add(gateway);
    if (this.known.has(gateway)) return;
    this.known.add(gateway);
    gateway.handle((packet) => this.gateways.has(gateway) && this.route(gateway, packet));
  }

  leave(gateway: Gateway): void {
    this.gateways.delete(gateway);
  }

  private route(from: Gateway, packet: Packet): boolean {
    const { ip } = packet;
    // An address of another network would get answers there that this one never asked for.
    if (!contains(from.subnet, ip.source)) return false;
    const to = this.gatewayOf(from, packet);
    if (!to) return false;
    if (ip.ttl <= 1) {
      from.refuse(packet, 'timeExceeded', TTL_EXPIRED_IN_TRANSIT);
      return true;
    }
    if (datagramBytes(packet) > to.mtu) {
      from.refuse(packet, 'unreachable', UnreachableCode.fragmentationNeeded, to.mtu);
      return true;
    }
    const copy = Uint8Array.from(packet.frame);
    writeTtl(viewOf(copy), ip, ip.ttl - 1);
    to.transmit(copy, ip.destination, packet.offload);
    return true;
  }

  /** Directed broadcasts are not carried (RFC 2644), nor what is for a gateway itself. */
  private gatewayOf(from: Gateway, { ip: { destination } }: Packet): Gateway | null {
    for (const gateway of this.gateways) {
      if (gateway === from || !contains(gateway.subnet, destination)) continue;
      const isHost = destination !== gateway.address && destination !== gateway.subnet.base;
      return isHost && !gateway.isForAll(destination) ? gateway : null;
    }
    return null;
  }
}

/** Of the largest datagram that the packet will be on the wire. */
function datagramBytes({ view, ip, offload }: Packet): number {
  const whole = ip.payloadEnd - ETHERNET_HEADER_BYTES;
  const tcp = offload.segmentBytes > 0 ? readTcp(view, ip) : null;
  if (!tcp) return whole;
  return Math.min(whole, tcp.payloadAt - ETHERNET_HEADER_BYTES + offload.segmentBytes);
}
