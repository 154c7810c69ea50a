import { addBytes, checksumOf, pseudoHeaderSum } from '../protocol/checksum.ts';
import { EtherType, readEthernet, viewOf } from '../protocol/ethernet.ts';
import { IpProtocol, isFragment, readIpv4 } from '../protocol/ipv4.ts';
import type { Ipv4Header } from '../protocol/ipv4.ts';
import { TCP_HEADER_BYTES, TcpOffset } from '../protocol/tcp.ts';
import { UDP_HEADER_BYTES } from '../protocol/udp.ts';

const UDP_CHECKSUM_OFFSET = 6;

/** Where the checksum of a TCP or UDP datagram lies in its frame; null when there is none. */
function checksumField(ip: Ipv4Header): number | null {
  const bytes = ip.payloadEnd - ip.payloadAt;
  if (ip.protocol === IpProtocol.tcp && bytes >= TCP_HEADER_BYTES) {
    return ip.payloadAt + TcpOffset.checksum;
  }
  if (ip.protocol === IpProtocol.udp && bytes >= UDP_HEADER_BYTES) {
    return ip.payloadAt + UDP_CHECKSUM_OFFSET;
  }
  return null;
}

/**
 * Writes the whole checksum of a TCP or UDP frame in place. What the sender left in the field does
 * not matter: the pseudo header is summed anew.
 *
 * @returns false when the frame is no whole TCP or UDP datagram over IPv4; it is unchanged then
 */
export function completeChecksum(frame: Uint8Array): boolean {
  const view = viewOf(frame);
  if (readEthernet(view)?.etherType !== EtherType.ipv4) return false;
  const ip = readIpv4(view);
  if (!ip || isFragment(ip)) return false;
  const field = checksumField(ip);
  if (field === null) return false;
  view.setUint16(field, 0);
  const bytes = ip.payloadEnd - ip.payloadAt;
  const pseudo = pseudoHeaderSum(ip.source, ip.destination, ip.protocol, bytes);
  const checksum = checksumOf(addBytes(pseudo, view, ip.payloadAt, ip.payloadEnd));
  const isUdp = ip.protocol === IpProtocol.udp;
  view.setUint16(field, isUdp && checksum === 0 ? 0xffff : checksum);
  return true;
}
