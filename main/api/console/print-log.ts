/**
 * What a guest printed since its start, bounded: the beginning, where a kernel says what it found,
 * and the newest; what lies between is counted and left out.
 */
import { stripVTControlCharacters } from 'node:util';

const HEAD_BYTES = 256 * 1024;
const TAIL_BYTES = 768 * 1024;

export class PrintLog {
  private head = new GrowingBytes(HEAD_BYTES);
  private tail: Uint8Array | null = null;
  private tailWritten = 0;

  clear(): void {
    this.head = new GrowingBytes(HEAD_BYTES);
    this.tail = null;
    this.tailWritten = 0;
  }

  append(bytes: Uint8Array): void {
    const taken = this.head.append(bytes);
    if (taken < bytes.length) this.appendTail(bytes.subarray(taken));
  }

  /** Raw, as the terminal got it. */
  raw(): string {
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    const leftOut = Math.max(0, this.tailWritten - TAIL_BYTES);
    if (leftOut === 0) return decode(Buffer.concat([this.head.bytes, this.newest()]));
    return `${decode(this.head.bytes)}\n[... ${leftOut} bytes left out ...]\n${decode(this.newest())}`;
  }

  /** Without escape sequences and carriage returns, for reading. */
  text(): string {
    return stripVTControlCharacters(this.raw()).replaceAll('\r', '');
  }

  private appendTail(bytes: Uint8Array): void {
    this.tail ??= new Uint8Array(TAIL_BYTES);
    const kept = bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES));
    this.tailWritten += bytes.length - kept.length;
    const at = this.tailWritten % TAIL_BYTES;
    const first = Math.min(kept.length, TAIL_BYTES - at);
    this.tail.set(kept.subarray(0, first), at);
    this.tail.set(kept.subarray(first), 0);
    this.tailWritten += kept.length;
  }

  private newest(): Uint8Array {
    if (!this.tail) return new Uint8Array(0);
    if (this.tailWritten <= TAIL_BYTES) return this.tail.subarray(0, this.tailWritten);
    const at = this.tailWritten % TAIL_BYTES;
    return Buffer.concat([this.tail.subarray(at), this.tail.subarray(0, at)]);
  }
}

class GrowingBytes {
  private buffer = new Uint8Array(4096);
  private length = 0;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** Takes what fits; returns how many bytes that was. */
  append(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.limit - this.length);
    if (this.length + count > this.buffer.length) {
      const grown = new Uint8Array(
        Math.min(this.limit, Math.max(this.buffer.length * 2, this.length + count)),
      );
      grown.set(this.bytes);
      this.buffer = grown;
    }
    this.buffer.set(bytes.subarray(0, count), this.length);
    this.length += count;
    return count;
  }
}
