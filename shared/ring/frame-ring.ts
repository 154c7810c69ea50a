/**
 * A ring of network frames between two threads: one producer, one consumer, no locks, no copy
 * beyond the one in and the one out.
 *
 * | at | is | written by |
 * |---|---|---|
 * | 0  | i32 bytes produced, modulo 2^32 | producer |
 * | 4  | i32 bytes consumed, modulo 2^32 | consumer |
 * | 8  | i32 1: closed | either |
 * | 12 | i32 bytes of records beyond which none is added; 0: as many as fit | consumer |
 * | 16 | i32 1: there was no room for a frame | producer sets, consumer clears |
 * | 20 | i32 frames consumed, modulo 2^32 | consumer |
 * | 24 | f64 frames ever put in | producer |
 * | 32 | f64 their bytes | producer |
 *
 * Then `capacity` bytes, a power of two. A frame is a record that never wraps, at a multiple of 8:
 *
 *     0  u32  bytes of the frame, or WRAP: the next record is at the start of the ring
 *     4  u16  1: its checksum is partial
 *     6  u16  payload bytes of each segment it is to be cut into; 0: it is one
 *     8       the frame
 */
const PRODUCED = 0;
const CONSUMED = 1;
const CLOSED = 2;
const LIMIT = 3;
const REFUSED = 4;
const TAKEN = 5;
const WORDS = 6;
const COUNTERS_AT = 24;
const FRAMES = 0;
const BYTES = 1;
const HEADER_BYTES = 40;
const RECORD_BYTES = 8;
const WRAP = 0xffff_ffff;
const PARTIAL = 1;

/** What a frame's sender left to others. */
export interface FrameOffload {
  readonly checksumPartial: boolean;
  readonly segmentBytes: number;
}

export function createFrameRing(capacity: number): SharedArrayBuffer {
  if (capacity < 256 || (capacity & (capacity - 1)) !== 0) {
    throw new RangeError(`a frame ring's capacity is a power of two from 256 on, not ${capacity}`);
  }
  return new SharedArrayBuffer(HEADER_BYTES + capacity);
}

/** Frames ever put into a ring, and their bytes: to be looked at from any thread, at any time. */
export function frameRingCounters(ring: SharedArrayBuffer): { frames: number; bytes: number } {
  const counters = new Float64Array(ring, COUNTERS_AT, 2);
  return { frames: counters[FRAMES]!, bytes: counters[BYTES]! };
}

class FrameRingSide {
  readonly capacity: number;
  protected readonly words: Int32Array;
  protected readonly view: DataView;
  protected readonly buffer: SharedArrayBuffer;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.capacity = buffer.byteLength - HEADER_BYTES;
    this.words = new Int32Array(buffer, 0, WORDS);
    this.view = new DataView(buffer, HEADER_BYTES, this.capacity);
  }

  /** Bytes of records not yet consumed. */
  get used(): number {
    return (Atomics.load(this.words, PRODUCED) - Atomics.load(this.words, CONSUMED)) >>> 0;
  }

  get closed(): boolean {
    return Atomics.load(this.words, CLOSED) === 1;
  }

  /** No more will come; wakes who waits. */
  close(): void {
    Atomics.store(this.words, CLOSED, 1);
    Atomics.notify(this.words, PRODUCED);
  }

  protected bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.buffer, HEADER_BYTES + at, length);
  }

  protected move(word: number, by: number): void {
    Atomics.store(this.words, word, (Atomics.load(this.words, word) + by) | 0);
  }
}

export class FrameProducer extends FrameRingSide {
  private readonly counters: Float64Array;
  /** Bytes of records that are held: written, and not shown. */
  private ahead = 0;
  private isHolding = false;

  constructor(buffer: SharedArrayBuffer) {
    super(buffer);
    this.counters = new Float64Array(buffer, COUNTERS_AT, 2);
  }

  /** Frames that the consumer has not taken, held or not. */
  get waiting(): number {
    return (this.counters[FRAMES]! - Atomics.load(this.words, TAKEN)) >>> 0;
  }

  /** From now on the consumer sees no frame, until `release`. */
  hold(): void {
    this.isHolding = true;
  }

  /** Where the next record will be, held or not: modulo 2^32. */
  get position(): number {
    return (Atomics.load(this.words, PRODUCED) + this.ahead) >>> 0;
  }

  /** Shows the consumer what came before a `position` of before. */
  release(position: number): void {
    const by = (position - Atomics.load(this.words, PRODUCED)) >>> 0;
    if (by === 0 || by > this.ahead) return;
    this.ahead -= by;
    this.publish(by);
  }

  /** Shows all, and holds nothing any more. */
  letGo(): void {
    this.isHolding = false;
    this.release(this.position);
  }

  /**
   * Puts a frame of `length` bytes in, which `fill` writes in place; false, and `fill` is not called,
   * when there is no room for it now. A frame longer than half the ring never fits.
   */
  write(length: number, offload: FrameOffload, fill: (frame: Uint8Array) => void): boolean {
    if (this.tryWrite(length, offload, fill)) return true;
    // Said before the second look: a consumer that makes room after that one sees that it is wanted.
    Atomics.store(this.words, REFUSED, 1);
    return this.tryWrite(length, offload, fill);
  }

  private tryWrite(
    length: number,
    offload: FrameOffload,
    fill: (frame: Uint8Array) => void,
  ): boolean {
    const needed = recordBytes(length);
    const used = this.used + this.ahead;
    const limit = Atomics.load(this.words, LIMIT);
    if (limit > 0 && used > 0 && used + needed > limit) return false;
    const at = this.position % this.capacity;
    const toEnd = this.capacity - at;
    const skip = needed > toEnd ? toEnd : 0;
    if (needed > this.capacity / 2 || skip + needed > this.capacity - used) return false;
    if (skip > 0) this.view.setUint32(at, WRAP, true);
    const start = skip > 0 ? 0 : at;
    this.view.setUint32(start, length, true);
    this.view.setUint16(start + 4, offload.checksumPartial ? PARTIAL : 0, true);
    this.view.setUint16(start + 6, offload.segmentBytes, true);
    fill(this.bytes(start + RECORD_BYTES, length));
    this.counters[FRAMES]! += 1;
    this.counters[BYTES]! += length;
    if (this.isHolding) this.ahead += skip + needed;
    else this.publish(skip + needed);
    return true;
  }

  private publish(by: number): void {
    const before = Atomics.load(this.words, PRODUCED);
    this.move(PRODUCED, by);
    // A consumer that has not come to this frame looks again before it waits: it compares this word.
    if (Atomics.load(this.words, CONSUMED) === before) Atomics.notify(this.words, PRODUCED);
  }
}

export class FrameConsumer extends FrameRingSide {
  /**
   * Shows the oldest frame to `take`, which answers whether it is done with; one that is not stays
   * the oldest. The view is valid during the call. False when there was none, or it stays.
   *
   * @throws RangeError when the ring holds what no producer writes
   */
  read(take: (frame: Uint8Array, offload: FrameOffload) => boolean): boolean {
    for (let used = this.used; used > 0; used = this.used) {
      const at = (Atomics.load(this.words, CONSUMED) >>> 0) % this.capacity;
      const toEnd = this.capacity - at;
      if (used > this.capacity || at % RECORD_BYTES !== 0) throw broken(`${used} bytes at ${at}`);
      const length = this.view.getUint32(at, true);
      if (length === WRAP) {
        if (toEnd > used) throw broken('an end that was not written');
        this.move(CONSUMED, toEnd);
        continue;
      }
      const record = recordBytes(length);
      if (record > used || record > toEnd) throw broken(`a frame of ${length} bytes`);
      const offload = {
        checksumPartial: this.view.getUint16(at + 4, true) === PARTIAL,
        segmentBytes: this.view.getUint16(at + 6, true),
      };
      if (!take(this.bytes(at + RECORD_BYTES, length), offload)) return false;
      // Before there is room for another.
      this.move(TAKEN, 1);
      this.move(CONSUMED, record);
      return true;
    }
    return false;
  }

  /**
   * The producer had no room for a frame since this was last asked: it is to be told that there is
   * some, once there is.
   */
  takeRefused(): boolean {
    return Atomics.exchange(this.words, REFUSED, 0) === 1;
  }

  /** From now on at most so many bytes wait here, but always one frame. Null: as many as fit. */
  limit(bytes: number | null): void {
    Atomics.store(this.words, LIMIT, bytes ?? 0);
  }

  /**
   * Settles when there is a frame, the ring is closed, or by `nudge`: its waiter looks for itself.
   * Needs an event loop.
   */
  async readableOrNudged(): Promise<void> {
    if (this.used > 0 || this.closed) return;
    const seen = Atomics.load(this.words, CONSUMED);
    const wait = Atomics.waitAsync(this.words, PRODUCED, seen);
    if (wait.async) await wait.value;
  }

  nudge(): void {
    Atomics.notify(this.words, PRODUCED);
  }
}

function recordBytes(length: number): number {
  return RECORD_BYTES + Math.ceil(length / RECORD_BYTES) * RECORD_BYTES;
}

function broken(what: string): RangeError {
  return new RangeError(`a frame ring is broken: ${what}`);
}
