/** What the switch's rules look at, of one frame. */
import { readArp } from '../protocol/arp.ts';
import type { ArpPacket } from '../protocol/arp.ts';
import { EtherType, readEthernet, viewOf } from '../protocol/ethernet.ts';
import type { EthernetHeader } from '../protocol/ethernet.ts';
import { IpProtocol, readIpv4 } from '../protocol/ipv4.ts';
import type { Ipv4Header } from '../protocol/ipv4.ts';
import { TCP_HEADER_BYTES } from '../protocol/tcp.ts';
import { UDP_HEADER_BYTES } from '../protocol/udp.ts';

export interface Ports {
  source: number;
  destination: number;
}

export interface Dissection {
  ethernet: EthernetHeader;
  arp: ArpPacket | null;
  ip: Ipv4Header | null;
  /** Of TCP and UDP; null in all fragments but the first, which do not carry them. */
  ports: Ports | null;
}

/** Null for what no guarded port may send: runts, ARP and IPv4 that cannot be read. */
export function dissectFrame(frame: Uint8Array): Dissection | null {
  const view = viewOf(frame);
  const ethernet = readEthernet(view);
  if (!ethernet) return null;
  if (ethernet.etherType === EtherType.arp) {
    const arp = readArp(view);
    return arp && { ethernet, arp, ip: null, ports: null };
  }
  if (ethernet.etherType !== EtherType.ipv4) return { ethernet, arp: null, ip: null, ports: null };
  const ip = readIpv4(view);
  if (!ip) return null;
  const transportBytes = transportHeaderBytes(ip.protocol);
  if (transportBytes === 0) return { ethernet, arp: null, ip, ports: null };
  // A first fragment without the whole header, or a second one that rewrites it, would let the
  // receiver assemble other ports than the rules saw (RFC 1858, RFC 3128).
  if (ip.fragmentOffset > 0) {
    return ip.fragmentOffset < transportBytes ? null : { ethernet, arp: null, ip, ports: null };
  }
  if (ip.payloadEnd - ip.payloadAt < transportBytes) return null;
  const ports = {
    source: view.getUint16(ip.payloadAt),
    destination: view.getUint16(ip.payloadAt + 2),
  };
  return { ethernet, arp: null, ip, ports };
}

function transportHeaderBytes(protocol: number): number {
  if (protocol === IpProtocol.tcp) return TCP_HEADER_BYTES;
  return protocol === IpProtocol.udp ? UDP_HEADER_BYTES : 0;
}
