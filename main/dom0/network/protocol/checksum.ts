/**
 * The Internet checksum (RFC 1071): the complement of the ones' complement sum of 16-bit words.
 *
 * Sums are kept unfolded in a double: since 2^16 ≡ 1 modulo 0xffff, whole 32-bit words may be
 * added, and 64 KiB of them stay far below 2^53.
 */
import type { Ipv4Address } from '../address/ipv4-address.ts';

/** Adds `[from, to)` to an unfolded sum; `from` must be an even distance from the sum's start. */
export function addBytes(sum: number, view: DataView, from: number, to: number): number {
  let total = sum;
  let at = from;
  for (; at + 4 <= to; at += 4) total += view.getUint32(at);
  if (at + 2 <= to) {
    total += view.getUint16(at);
    at += 2;
  }
  return at < to ? total + (view.getUint8(at) << 8) : total;
}

/** The 16-bit ones' complement value of an unfolded sum. */
export function foldSum(sum: number): number {
  return sum === 0 ? 0 : ((sum - 1) % 0xffff) + 1;
}

/** The unfolded sum of the pseudo header of TCP and UDP (RFC 9293 section 3.1, RFC 768). */
export function pseudoHeaderSum(
  source: Ipv4Address,
  destination: Ipv4Address,
  protocol: number,
  bytes: number,
): number {
  return source + destination + protocol + bytes;
}

/** What belongs into a checksum field that is zero within the sum. */
export function checksumOf(sum: number): number {
  return foldSum(sum) ^ 0xffff;
}

/** Whether a range that contains its own checksum is intact. */
export function isIntact(sum: number): boolean {
  return foldSum(sum) === 0xffff;
}
