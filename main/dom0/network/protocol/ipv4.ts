/** IPv4 headers (RFC 791) right after an Ethernet header. */
import type { Ipv4Address } from '../address/ipv4-address.ts';
import { addBytes, checksumOf, isIntact } from './checksum.ts';
import { ETHERNET_HEADER_BYTES } from './ethernet.ts';

export const IPV4_HEADER_BYTES = 20;
export const IpProtocol = { icmp: 1, tcp: 6, udp: 17 } as const;
export const DEFAULT_TTL = 64;
const MORE_FRAGMENTS = 0x2000;
const DONT_FRAGMENT = 0x4000;
const OFFSET_MASK = 0x1fff;

export interface Ipv4Header {
  source: Ipv4Address;
  destination: Ipv4Address;
  protocol: number;
  ttl: number;
  /** In bytes; not 0 for all fragments but the first. */
  fragmentOffset: number;
  moreFragments: boolean;
  /** Where the payload lies in the frame. What follows `payloadEnd` is Ethernet's padding. */
  payloadAt: number;
  payloadEnd: number;
}

/** Null when the header is cut, of another version, or says more than there is. */
export function readIpv4(view: DataView): Ipv4Header | null {
  const at = ETHERNET_HEADER_BYTES;
  if (view.byteLength < at + IPV4_HEADER_BYTES) return null;
  const versionAndLength = view.getUint8(at);
  const headerBytes = (versionAndLength & 15) * 4;
  const totalBytes = view.getUint16(at + 2);
  if (versionAndLength >> 4 !== 4 || headerBytes < IPV4_HEADER_BYTES) return null;
  if (totalBytes < headerBytes || at + totalBytes > view.byteLength) return null;
  const fragment = view.getUint16(at + 6);
  return {
    source: view.getUint32(at + 12),
    destination: view.getUint32(at + 16),
    protocol: view.getUint8(at + 9),
    ttl: view.getUint8(at + 8),
    fragmentOffset: (fragment & OFFSET_MASK) * 8,
    moreFragments: (fragment & MORE_FRAGMENTS) !== 0,
    payloadAt: at + headerBytes,
    payloadEnd: at + totalBytes,
  };
}

/** Whether the header's own checksum is right. */
export function isHeaderIntact(view: DataView, header: Ipv4Header): boolean {
  return isIntact(addBytes(0, view, ETHERNET_HEADER_BYTES, header.payloadAt));
}

export function isFragment(header: Ipv4Header): boolean {
  return header.moreFragments || header.fragmentOffset > 0;
}

export interface Ipv4Fields {
  source: Ipv4Address;
  destination: Ipv4Address;
  protocol: number;
  payloadBytes: number;
  identification?: number;
}

/** Writes a header of 20 bytes, not to be fragmented, with its checksum. */
export function writeIpv4(view: DataView, fields: Ipv4Fields): void {
  const at = ETHERNET_HEADER_BYTES;
  view.setUint8(at, 0x45);
  view.setUint8(at + 1, 0);
  view.setUint16(at + 2, IPV4_HEADER_BYTES + fields.payloadBytes);
  view.setUint16(at + 4, fields.identification ?? 0);
  view.setUint16(at + 6, DONT_FRAGMENT);
  view.setUint8(at + 8, DEFAULT_TTL);
  view.setUint8(at + 9, fields.protocol);
  view.setUint32(at + 12, fields.source);
  view.setUint32(at + 16, fields.destination);
  refreshHeaderChecksum(view, at + IPV4_HEADER_BYTES);
}

/** @param headerEnd where the payload starts */
export function refreshHeaderChecksum(view: DataView, headerEnd: number): void {
  const field = ETHERNET_HEADER_BYTES + 10;
  view.setUint16(field, 0);
  view.setUint16(field, checksumOf(addBytes(0, view, ETHERNET_HEADER_BYTES, headerEnd)));
}

/** Sets the time to live of a frame in place, and its header's checksum. */
export function writeTtl(view: DataView, header: Ipv4Header, ttl: number): void {
  view.setUint8(ETHERNET_HEADER_BYTES + 8, ttl);
  refreshHeaderChecksum(view, header.payloadAt);
}
