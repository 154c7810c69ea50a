/** ICMP (RFC 792): echoes, and the errors a router sends. */
import { addBytes, checksumOf, isIntact } from './checksum.ts';
import { ETHERNET_HEADER_BYTES } from './ethernet.ts';
import type { Route } from './endpoints.ts';
import { IpProtocol } from './ipv4.ts';
import type { Ipv4Header } from './ipv4.ts';
import { IPV4_PAYLOAD_AT, allocateIpv4Frame } from './packet.ts';

const HEADER_BYTES = 8;
/** Of the offending datagram's payload (RFC 792). */
const QUOTED_PAYLOAD_BYTES = 8;

export const IcmpType = {
  echoReply: 0,
  unreachable: 3,
  echoRequest: 8,
  timeExceeded: 11,
} as const;

/** Codes of `unreachable` (RFC 792, RFC 1812 section 5.2.7.1). */
export const UnreachableCode = {
  host: 1,
  port: 3,
  fragmentationNeeded: 4,
  prohibited: 13,
} as const;

export interface IcmpMessage {
  type: number;
  code: number;
  /** The second word of the header: identifier and sequence number of an echo. */
  rest: number;
  payloadAt: number;
  payloadEnd: number;
}

/** Null when it is cut or damaged. */
export function readIcmp(view: DataView, ip: Ipv4Header): IcmpMessage | null {
  const at = ip.payloadAt;
  if (ip.payloadEnd - at < HEADER_BYTES) return null;
  if (!isIntact(addBytes(0, view, at, ip.payloadEnd))) return null;
  return {
    type: view.getUint8(at),
    code: view.getUint8(at + 1),
    rest: view.getUint32(at + 4),
    payloadAt: at + HEADER_BYTES,
    payloadEnd: ip.payloadEnd,
  };
}

function buildIcmp(
  route: Route,
  type: number,
  code: number,
  rest: number,
  payload: Uint8Array,
): Uint8Array {
  const bytes = HEADER_BYTES + payload.length;
  const { frame, view } = allocateIpv4Frame(route, IpProtocol.icmp, bytes);
  const at = IPV4_PAYLOAD_AT;
  view.setUint8(at, type);
  view.setUint8(at + 1, code);
  view.setUint32(at + 4, rest);
  frame.set(payload, at + HEADER_BYTES);
  view.setUint16(at + 2, checksumOf(addBytes(0, view, at, at + bytes)));
  return frame;
}

/** @param identifierAndSequence as the request's second header word has them */
export function buildEcho(
  route: Route,
  kind: 'echoRequest' | 'echoReply',
  identifierAndSequence: number,
  payload: Uint8Array,
): Uint8Array {
  return buildIcmp(route, IcmpType[kind], 0, identifierAndSequence, payload);
}

/**
 * Tells the sender of `offending` that it did not arrive; quotes its header and first bytes.
 *
 * @param nextHopMtu with `fragmentationNeeded`: the largest datagram that passes (RFC 1191)
 */
export function buildIcmpError(
  route: Route,
  type: 'unreachable' | 'timeExceeded',
  code: number,
  offending: Uint8Array,
  ip: Ipv4Header,
  nextHopMtu = 0,
): Uint8Array {
  const end = Math.min(ip.payloadEnd, ip.payloadAt + QUOTED_PAYLOAD_BYTES);
  const quoted = offending.subarray(ETHERNET_HEADER_BYTES, end);
  return buildIcmp(route, IcmpType[type], code, nextHopMtu, quoted);
}
