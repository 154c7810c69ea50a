import { addBytes, checksumOf, pseudoHeaderSum } from '../protocol/checksum.ts';
import { ETHERNET_HEADER_BYTES, EtherType, readEthernet, viewOf } from '../protocol/ethernet.ts';
import { IpProtocol, isFragment, readIpv4, refreshHeaderChecksum } from '../protocol/ipv4.ts';
import { TcpFlag, TcpOffset, readTcp } from '../protocol/tcp.ts';

/** A segment is never cut smaller: hostile sizes must not make one frame into thousands. */
export const SEGMENT_BYTES_MIN = 64;
const TOTAL_LENGTH_AT = ETHERNET_HEADER_BYTES + 2;
const IDENTIFICATION_AT = ETHERNET_HEADER_BYTES + 4;

/**
 * Cuts a TCP super-frame into frames with at most `segmentBytes` of payload each, with whole
 * checksums, and calls `emit` for each in order; the view is valid during the call only.
 *
 * As real hardware does it: FIN and PSH stay with the last, CWR with the first (RFC 3168), the IPv4
 * identification counts up.
 *
 * @returns false, and emits nothing, when the frame is no whole TCP segment over IPv4
 */
export function segmentTcp(
  frame: Uint8Array,
  segmentBytes: number,
  emit: (segment: Uint8Array) => void,
): boolean {
  const source = viewOf(frame);
  if (segmentBytes < SEGMENT_BYTES_MIN) return false;
  if (readEthernet(source)?.etherType !== EtherType.ipv4) return false;
  const ip = readIpv4(source);
  if (!ip || ip.protocol !== IpProtocol.tcp || isFragment(ip)) return false;
  const tcp = readTcp(source, ip);
  if (!tcp) return false;
  const headerBytes = tcp.payloadAt;
  const identification = source.getUint16(IDENTIFICATION_AT);
  const largest = Math.min(segmentBytes, tcp.payloadEnd - tcp.payloadAt);
  const buffer = new Uint8Array(headerBytes + largest);
  const view = viewOf(buffer);
  buffer.set(frame.subarray(0, headerBytes));
  let at = tcp.payloadAt;
  let index = 0;
  do {
    const bytes = Math.min(segmentBytes, tcp.payloadEnd - at);
    const isFirst = at === tcp.payloadAt;
    const isLast = at + bytes === tcp.payloadEnd;
    buffer.set(frame.subarray(at, at + bytes), headerBytes);
    const end = headerBytes + bytes;
    view.setUint16(TOTAL_LENGTH_AT, end - ETHERNET_HEADER_BYTES);
    view.setUint16(IDENTIFICATION_AT, identification + index);
    refreshHeaderChecksum(view, ip.payloadAt);
    const sequence = tcp.sequence + (at - tcp.payloadAt);
    view.setUint32(ip.payloadAt + TcpOffset.sequence, sequence);
    let flags = tcp.flags;
    if (!isLast) flags &= ~(TcpFlag.fin | TcpFlag.psh);
    if (!isFirst) flags &= ~TcpFlag.cwr;
    view.setUint8(ip.payloadAt + TcpOffset.flags, flags);
    const field = ip.payloadAt + TcpOffset.checksum;
    view.setUint16(field, 0);
    const pseudo = pseudoHeaderSum(ip.source, ip.destination, IpProtocol.tcp, end - ip.payloadAt);
    view.setUint16(field, checksumOf(addBytes(pseudo, view, ip.payloadAt, end)));
    emit(buffer.subarray(0, end));
    at += bytes;
    index++;
  } while (at < tcp.payloadEnd);
  return true;
}
