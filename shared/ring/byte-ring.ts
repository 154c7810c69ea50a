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
 *
 * A side that holds goes ahead of its word: a producer's bytes are not shown, what a consumer has read
 * keeps its room, until `release`. Its successor goes on from the word, or from a position ahead of it
 * that was remembered (`resumeAt`).
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

  /** @param own the word that this side writes */
  protected constructor(buffer: SharedArrayBuffer, own: number) {
    this.buffer = buffer;
    this.own = own;
    this.capacity = buffer.byteLength - HEADER_BYTES;
    this.mask = this.capacity - 1;
    this.words = new Int32Array(buffer, 0, 4);
    this.bytes = new Uint8Array(buffer, HEADER_BYTES, this.capacity);
  }

  /** Of this side: how far it is ahead of its word. */
  protected ahead = 0;
  private isHolding = false;
  private readonly own: number;

  /** Bytes written and not yet read, held ones left out: 0 to `capacity`. */
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

  /** From now on the other side sees nothing of what this one does, until `release`. */
  hold(): void {
    this.isHolding = true;
  }

  /** How far this side has come, held or not: modulo 2^32. */
  get position(): number {
    return (Atomics.load(this.words, this.own) + this.ahead) >>> 0;
  }

  /** Shows the other side what was done up to a `position` of before. */
  release(position: number): void {
    const by = (position - Atomics.load(this.words, this.own)) >>> 0;
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
   * Of a successor: goes on from where another on this side was.
   *
   * @throws RangeError for a position that it cannot have had
   */
  resumeAt(position: number): void {
    const by = (position - Atomics.load(this.words, this.own)) >>> 0;
    const most = this.own === PRODUCED ? this.capacity - this.used : this.used;
    if (by > most) throw new RangeError(`no ring goes on at ${position}: ${by} beyond, of ${most}`);
    if (by > 0) this.publish(by);
  }

  /** This side has gone on by so many bytes. */
  protected advance(by: number): void {
    if (this.isHolding) this.ahead += by;
    else this.publish(by);
  }

  private publish(by: number): void {
    Atomics.store(this.words, this.own, (Atomics.load(this.words, this.own) + by) | 0);
    Atomics.notify(this.words, this.own);
  }

  /** Settles when `word` is no longer `seen`; needs an event loop. */
  protected async changed(word: number, seen: number): Promise<void> {
    const wait = Atomics.waitAsync(this.words, word, seen);
    if (wait.async) await wait.value;
  }
}

export class RingProducer extends RingSide {
  constructor(buffer: SharedArrayBuffer) {
    super(buffer, PRODUCED);
  }

  /** Of held bytes too. */
  override get free(): number {
    return super.free - this.ahead;
  }

  /** Writes as much of `source` as fits, from its start; returns how many bytes. */
  write(source: Uint8Array): number {
    const count = Math.min(source.length, this.free);
    if (count === 0) return 0;
    const at = this.position & this.mask;
    const first = Math.min(count, this.capacity - at);
    this.bytes.set(source.subarray(0, first), at);
    if (first < count) this.bytes.set(source.subarray(first, count), 0);
    this.advance(count);
    return count;
  }

  /** Settles when the consumer has read since `free` was last looked at, or closed. */
  async whenConsumed(seenFree: number): Promise<void> {
    const consumed = (this.position - (this.capacity - seenFree)) | 0;
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
  constructor(buffer: SharedArrayBuffer) {
    super(buffer, CONSUMED);
  }

  /** What is there to be read. */
  private get unread(): number {
    return this.used - this.ahead;
  }

  /** Copies up to `limit` bytes out and frees their room; empty when there are none. */
  read(limit: number = this.capacity): Uint8Array<ArrayBuffer> {
    const out = this.peek(limit);
    if (out.length > 0) this.advance(out.length);
    return out;
  }

  /** As `read`, and they stay. */
  peek(limit: number = this.capacity): Uint8Array<ArrayBuffer> {
    const count = Math.min(this.unread, limit, this.capacity);
    const out = new Uint8Array(count);
    if (count === 0) return out;
    const at = this.position & this.mask;
    const first = Math.min(count, this.capacity - at);
    out.set(this.bytes.subarray(at, at + first));
    if (first < count) out.set(this.bytes.subarray(0, count - first), first);
    return out;
  }

  /** Settles when there are bytes to read, or the ring is closed. Needs an event loop. */
  async readable(): Promise<void> {
    while (this.unread === 0 && !this.closed) await this.changed(PRODUCED, this.position | 0);
  }

  /** Settles like {@link readable}, and also by `nudge`: its waiter looks for itself. */
  async readableOrNudged(): Promise<void> {
    if (this.unread > 0 || this.closed) return;
    await this.changed(PRODUCED, this.position | 0);
  }

  nudge(): void {
    Atomics.notify(this.words, PRODUCED);
  }
}
