/** Finds memory that is all zeros, in whatever thread or kind of buffer it lies. */

/** Also the largest stretch that one comparison looks at. */
const ZEROS = Buffer.alloc(64 << 10);

/**
 * Looks at `bytes` through native `memcmp`: two to three times as fast as a loop in JavaScript
 * that the compiler has not warmed to, and a domain's thread scans its memory once in its life.
 * (Not as Float64Array, a common trick: -0 equals 0.)
 */
export class ZeroScan {
  private readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether bytes `start` to `end` (exclusive, at most 64 KiB on) are all zero. */
  isZero(start: number, end: number): boolean {
    // Most memory that is not zero shows it in its first bytes.
    if (this.bytes[start] !== 0) return false;
    return this.bytes.compare(ZEROS, 0, end - start, start, end) === 0;
  }
}
