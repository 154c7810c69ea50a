/** TCP segments (RFC 9293) with the options that a connection negotiates: MSS and window scale. */
import { addBytes, checksumOf, foldSum, isIntact, pseudoHeaderSum } from './checksum.ts';
import type { Route } from './endpoints.ts';
import { IpProtocol } from './ipv4.ts';
import type { Ipv4Header } from './ipv4.ts';
import { IPV4_PAYLOAD_AT, allocateIpv4Frame } from './packet.ts';

export const TCP_HEADER_BYTES = 20;
/** Where fields lie in the header. */
export const TcpOffset = { sequence: 4, flags: 13, checksum: 16 } as const;
export const TcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, cwr: 128 } as const;
const Option = { end: 0, noOperation: 1, mss: 2, windowScale: 3 } as const;
/** RFC 7323 section 2.3: larger shifts count as this one. */
const WINDOW_SHIFT_MAX = 14;

export interface TcpHeader {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgment: number;
  /** Bits of {@link TcpFlag}. */
  flags: number;
  /** As in the header: not scaled. */
  window: number;
  /** Options of a SYN; null when absent. */
  mss: number | null;
  windowShift: number | null;
}

export interface TcpSegment extends TcpHeader {
  payloadAt: number;
  payloadEnd: number;
}

/** Reads a whole segment, not a fragment of one; null when it is cut or its options are. */
export function readTcp(view: DataView, ip: Ipv4Header): TcpSegment | null {
  const at = ip.payloadAt;
  if (ip.payloadEnd - at < TCP_HEADER_BYTES) return null;
  const headerBytes = (view.getUint8(at + 12) >> 4) * 4;
  if (headerBytes < TCP_HEADER_BYTES || at + headerBytes > ip.payloadEnd) return null;
  const segment: TcpSegment = {
    sourcePort: view.getUint16(at),
    destinationPort: view.getUint16(at + 2),
    sequence: view.getUint32(at + TcpOffset.sequence),
    acknowledgment: view.getUint32(at + 8),
    flags: view.getUint8(at + TcpOffset.flags),
    window: view.getUint16(at + 14),
    mss: null,
    windowShift: null,
    payloadAt: at + headerBytes,
    payloadEnd: ip.payloadEnd,
  };
  const isSyn = (segment.flags & TcpFlag.syn) !== 0;
  return !isSyn || readOptions(view, at + TCP_HEADER_BYTES, segment) ? segment : null;
}

function readOptions(view: DataView, from: number, segment: TcpSegment): boolean {
  const end = segment.payloadAt;
  for (let at = from; at < end;) {
    const kind = view.getUint8(at);
    if (kind === Option.end) return true;
    if (kind === Option.noOperation) {
      at++;
      continue;
    }
    const bytes = at + 1 < end ? view.getUint8(at + 1) : 0;
    if (bytes < 2 || at + bytes > end) return false;
    if (kind === Option.mss && bytes === 4) segment.mss = view.getUint16(at + 2);
    if (kind === Option.windowScale && bytes === 3) {
      segment.windowShift = Math.min(view.getUint8(at + 2), WINDOW_SHIFT_MAX);
    }
    at += bytes;
  }
  return true;
}

/** Not for frames with a partial checksum. */
export function isTcpIntact(view: DataView, ip: Ipv4Header): boolean {
  const bytes = ip.payloadEnd - ip.payloadAt;
  const sum = pseudoHeaderSum(ip.source, ip.destination, IpProtocol.tcp, bytes);
  return isIntact(addBytes(sum, view, ip.payloadAt, ip.payloadEnd));
}

/** A segment's frame whose payload is still to be filled in, and then its checksum. */
export interface UnfinishedTcpFrame {
  frame: Uint8Array;
  payload: Uint8Array;
  /** Writes the whole checksum. */
  finish(): Uint8Array;
  /** Writes the pseudo header's sum only, for receivers that take partial checksums. */
  finishPartial(): Uint8Array;
}

export function startTcp(
  route: Route,
  header: TcpHeader,
  payloadBytes: number,
): UnfinishedTcpFrame {
  const optionBytes = (header.mss === null ? 0 : 4) + (header.windowShift === null ? 0 : 4);
  const headerBytes = TCP_HEADER_BYTES + optionBytes;
  const bytes = headerBytes + payloadBytes;
  const { frame, view } = allocateIpv4Frame(route, IpProtocol.tcp, bytes);
  const at = IPV4_PAYLOAD_AT;
  view.setUint16(at, header.sourcePort);
  view.setUint16(at + 2, header.destinationPort);
  view.setUint32(at + TcpOffset.sequence, header.sequence);
  view.setUint32(at + 8, header.acknowledgment);
  view.setUint8(at + 12, (headerBytes / 4) << 4);
  view.setUint8(at + TcpOffset.flags, header.flags);
  view.setUint16(at + 14, header.window);
  writeOptions(view, at + TCP_HEADER_BYTES, header);
  const pseudo = pseudoHeaderSum(route.source, route.destination, IpProtocol.tcp, bytes);
  const field = at + TcpOffset.checksum;
  return {
    frame,
    payload: frame.subarray(at + headerBytes),
    finish: () => {
      view.setUint16(field, checksumOf(addBytes(pseudo, view, at, at + bytes)));
      return frame;
    },
    finishPartial: () => {
      view.setUint16(field, foldSum(pseudo));
      return frame;
    },
  };
}

function writeOptions(view: DataView, from: number, { mss, windowShift }: TcpHeader): void {
  let at = from;
  if (mss !== null) {
    view.setUint16(at, (Option.mss << 8) | 4);
    view.setUint16(at + 2, mss);
    at += 4;
  }
  if (windowShift !== null) {
    view.setUint16(at, (Option.noOperation << 8) | Option.windowScale);
    view.setUint16(at + 2, (3 << 8) | windowShift);
  }
}

/** A segment with a payload that is there already. */
export function buildTcp(
  route: Route,
  header: TcpHeader,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const unfinished = startTcp(route, header, payload.length);
  unfinished.payload.set(payload);
  return unfinished.finish();
}
