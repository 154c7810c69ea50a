/** Learns which address a guest was given, from the answer that it gets itself. */
import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { MacAddress } from '../address/mac-address.ts';
import { DhcpOperation, DhcpPort, DhcpType, readDhcp } from '../protocol/dhcp.ts';
import { viewOf } from '../protocol/ethernet.ts';
import { IpProtocol } from '../protocol/ipv4.ts';
import { readUdp } from '../protocol/udp.ts';
import type { Dissection } from './dissection.ts';

/**
 * The address that a DHCP server grants to `mac` with this frame; null when it grants none. Only to
 * be asked about frames from trusted ports.
 */
export function grantedAddress(
  frame: Uint8Array,
  { ip, ports }: Dissection,
  mac: MacAddress,
): Ipv4Address | null {
  if (ip?.protocol !== IpProtocol.udp) return null;
  if (ports?.source !== DhcpPort.server || ports.destination !== DhcpPort.client) return null;
  const udp = readUdp(viewOf(frame), ip);
  const message = udp && readDhcp(frame.subarray(udp.payloadAt, udp.payloadEnd));
  if (message?.operation !== DhcpOperation.reply || message.type !== DhcpType.ack) return null;
  return message.clientMac === mac && message.yourAddress !== 0 ? message.yourAddress : null;
}
