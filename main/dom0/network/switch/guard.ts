/**
 * What a guest's interface may say about itself. Guests are hostile: one that could send from
 * another's MAC or address would receive what is meant for that one, or act in its name.
 */
import type { Ipv4Address } from '../address/ipv4-address.ts';
import { LIMITED_BROADCAST, UNSPECIFIED } from '../address/ipv4-address.ts';
import { isBridgeControlMac } from '../address/mac-address.ts';
import type { MacAddress } from '../address/mac-address.ts';
import { ArpOperation } from '../protocol/arp.ts';
import { DhcpPort } from '../protocol/dhcp.ts';
import { IpProtocol } from '../protocol/ipv4.ts';
import type { Dissection } from './dissection.ts';
import type { DropReason } from './port-counters.ts';

/** Null when the frame may pass. */
export function refuseSender(
  packet: Dissection,
  mac: MacAddress,
  addresses: ReadonlySet<Ipv4Address>,
): DropReason | null {
  const { ethernet, arp, ip, ports } = packet;
  if (ethernet.source !== mac) return 'spoofed-mac';
  if (isBridgeControlMac(ethernet.destination)) return 'protocol';
  if (arp) {
    if (arp.senderMac !== mac) return 'spoofed-mac';
    // Probes for a free address come from 0.0.0.0 (RFC 5227).
    const isProbe = arp.operation === ArpOperation.request && arp.senderAddress === UNSPECIFIED;
    return isProbe || addresses.has(arp.senderAddress) ? null : 'spoofed-address';
  }
  // Anything else than IPv4 (IPv6, VLAN tags) would go around every rule about addresses.
  if (!ip) return 'protocol';
  const isUdp = ip.protocol === IpProtocol.udp;
  if (isUdp && ports?.source === DhcpPort.server) return 'rogue-dhcp';
  if (addresses.has(ip.source)) return null;
  const asksForAddress =
    isUdp &&
    ip.source === UNSPECIFIED &&
    ip.destination === LIMITED_BROADCAST &&
    ports?.source === DhcpPort.client &&
    ports.destination === DhcpPort.server;
  return asksForAddress ? null : 'spoofed-address';
}
