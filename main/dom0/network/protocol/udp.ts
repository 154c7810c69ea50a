/** UDP over IPv4 (RFC 768). */
import { addBytes, checksumOf, isIntact, pseudoHeaderSum } from './checksum.ts';
import type { Route } from './endpoints.ts';
import { IpProtocol } from './ipv4.ts';
import type { Ipv4Header } from './ipv4.ts';
import { IPV4_PAYLOAD_AT, allocateIpv4Frame } from './packet.ts';

export const UDP_HEADER_BYTES = 8;

export interface UdpDatagram {
  sourcePort: number;
  destinationPort: number;
  payloadAt: number;
  payloadEnd: number;
}

/** Reads a whole datagram, not a fragment of one; null when it is cut. */
export function readUdp(view: DataView, ip: Ipv4Header): UdpDatagram | null {
  const at = ip.payloadAt;
  if (ip.payloadEnd - at < UDP_HEADER_BYTES) return null;
  const bytes = view.getUint16(at + 4);
  if (bytes < UDP_HEADER_BYTES || at + bytes > ip.payloadEnd) return null;
  return {
    sourcePort: view.getUint16(at),
    destinationPort: view.getUint16(at + 2),
    payloadAt: at + UDP_HEADER_BYTES,
    payloadEnd: at + bytes,
  };
}

/** Whether the checksum is right, or absent (0). Not for frames with a partial one. */
export function isUdpIntact(view: DataView, ip: Ipv4Header, udp: UdpDatagram): boolean {
  const at = ip.payloadAt;
  if (view.getUint16(at + 6) === 0) return true;
  const bytes = udp.payloadEnd - at;
  const sum = pseudoHeaderSum(ip.source, ip.destination, IpProtocol.udp, bytes);
  return isIntact(addBytes(sum, view, at, udp.payloadEnd));
}

export function buildUdp(
  route: Route,
  sourcePort: number,
  destinationPort: number,
  payload: Uint8Array,
): Uint8Array {
  const bytes = UDP_HEADER_BYTES + payload.length;
  const { frame, view } = allocateIpv4Frame(route, IpProtocol.udp, bytes);
  const at = IPV4_PAYLOAD_AT;
  view.setUint16(at, sourcePort);
  view.setUint16(at + 2, destinationPort);
  view.setUint16(at + 4, bytes);
  frame.set(payload, at + UDP_HEADER_BYTES);
  const sum = pseudoHeaderSum(route.source, route.destination, IpProtocol.udp, bytes);
  // 0 would say "no checksum": its other form is sent (RFC 768).
  view.setUint16(at + 6, checksumOf(addBytes(sum, view, at, at + bytes)) || 0xffff);
  return frame;
}
