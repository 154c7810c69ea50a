/** Arithmetic modulo 2^32 on sequence numbers (RFC 9293 section 3.4). */

/** How far `a` is behind `b`: negative when it is before it. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

export function advance(sequence: number, bytes: number): number {
  return (sequence + bytes) >>> 0;
}
