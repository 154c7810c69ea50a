/**
 * A byte ring between two threads: one producer, one consumer, no locks.
 *
 * Layout of the shared buffer: four i32 words, then `capacity` bytes (a power of two).
 *
 * | word | written by | is |
 * |---|---|---|
 * | 0 `produced` | producer | bytes ever written, modulo 2^32 |
 * | 1 `consumed` | consumer | bytes ever read, modulo 2^32 |
 * | 2 `closed`   | either   | 1 when no more will come |
 * | 3 reserved   | | |
 *
 * Ordering: bytes are stored before `produced` is published, and read before `consumed` is; both
 * publications are sequentially consistent atomics. The words are also what a side waits on
 * (`Atomics.wait`, or `Atomics.waitAsync` on a thread with an event loop): the consumer waits for
 * `produced` to change, the producer for `consumed`. A terminated thread leaves the ring as it is
 * and its successor on the same side goes on from the words.
 */
const PRODUCED = 0;
const CONSUMED = 1;
const CLOSED = 2;
const HEADER_BYTES = 16;

export function createRing(capacity: number): SharedArrayBuffer {
  if (capacity < 16 || (capacity & (capacity - 1)) !== 0) {
    throw new RangeError(`a ring's capacity is a power of two from 16 on, not ${capacity}`);
  }
  return new SharedArrayBuffer(HEADER_BYTES + capacity);
}

class RingSide {
  readonly buffer: SharedArrayBuffer;
  readonly capacity: number;
  protected readonly words: Int32Array;
  protected readonly bytes: Uint8Array;
  protected readonly mask: number;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.capacity = buffer.byteLength - HEADER_BYTES;
    this.mask = this.capacity - 1;
    this.words = new Int32Array(buffer, 0, 4);
    this.bytes = new Uint8Array(buffer, HEADER_BYTES, this.capacity);
  }

  /** Bytes written and not yet read: 0 to `capacity`. */
  get used(): number {
    return (Atomics.load(this.words, PRODUCED) - Atomics.load(this.words, CONSUMED)) >>> 0;
  }

  get free(): number {
    return this.capacity - this.used;
  }

  get closed(): boolean {
    return Atomics.load(this.words, CLOSED) === 1;
  }

  /** Tells the other side that no more will come, and wakes it. */
  close(): void {
    Atomics.store(this.words, CLOSED, 1);
    Atomics.notify(this.words, PRODUCED);
    Atomics.notify(this.words, CONSUMED);
  }

  /** Settles when `word` is no longer `seen`; needs an event loop. */
  protected async changed(word: number, seen: number): Promise<void> {
    const wait = Atomics.waitAsync(this.words, word, seen);
    if (wait.async) await wait.value;
  }
}

export class RingProducer extends RingSide {
  /** Writes as much of `source` as fits, from its start; returns how many bytes. */
  write(source: Uint8Array): number {
    const count = Math.min(source.length, this.free);
    if (count === 0) return 0;
    const produced = Atomics.load(this.words, PRODUCED);
    const at = produced & this.mask;
    const first = Math.min(count, this.capacity - at);
    this.bytes.set(source.subarray(0, first), at);
    if (first < count) this.bytes.set(source.subarray(first, count), 0);
    Atomics.store(this.words, PRODUCED, (produced + count) | 0);
    Atomics.notify(this.words, PRODUCED);
    return count;
  }

  /** Settles when the consumer has read since `free` was last looked at, or closed. */
  async whenConsumed(seenFree: number): Promise<void> {
    const produced = Atomics.load(this.words, PRODUCED);
    const consumed = (produced - (this.capacity - seenFree)) | 0;
    if (!this.closed) await this.changed(CONSUMED, consumed);
  }

  /** Lets `whenConsumed` settle although nothing was read: its waiter looks for itself. */
  nudge(): void {
    Atomics.notify(this.words, CONSUMED);
  }

  /** Blocks until the consumer reads, at most `timeoutMs`. For threads without an event loop. */
  waitConsumed(timeoutMs: number): void {
    const consumed = Atomics.load(this.words, CONSUMED);
    if (this.free === 0 && !this.closed) Atomics.wait(this.words, CONSUMED, consumed, timeoutMs);
  }
}

export class RingConsumer extends RingSide {
  /** Copies up to `limit` bytes out and frees their room; empty when there are none. */
  read(limit: number = this.capacity): Uint8Array<ArrayBuffer> {
    const count = Math.min(this.used, limit, this.capacity);
    const out = new Uint8Array(count);
    if (count === 0) return out;
    const consumed = Atomics.load(this.words, CONSUMED);
    const at = consumed & this.mask;
    const first = Math.min(count, this.capacity - at);
    out.set(this.bytes.subarray(at, at + first));
    if (first < count) out.set(this.bytes.subarray(0, count - first), first);
    Atomics.store(this.words, CONSUMED, (consumed + count) | 0);
    Atomics.notify(this.words, CONSUMED);
    return out;
  }

  /** Settles when there are bytes to read, or the ring is closed. Needs an event loop. */
  async readable(): Promise<void> {
    while (this.used === 0 && !this.closed) {
      await this.changed(PRODUCED, Atomics.load(this.words, CONSUMED));
    }
  }

  /** Settles like {@link readable}, and also by `nudge`: its waiter looks for itself. */
  async readableOrNudged(): Promise<void> {
    if (this.used > 0 || this.closed) return;
    await this.changed(PRODUCED, Atomics.load(this.words, CONSUMED));
  }

  nudge(): void {
    Atomics.notify(this.words, PRODUCED);
  }
}
