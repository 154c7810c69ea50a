/** A bounded first-in-first-out queue of bytes. */
export class ByteQueue {
  readonly capacity: number;
  readonly #bytes: Uint8Array;
  #head = 0;
  #size = 0;

  /** @param capacity the most bytes it holds */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#bytes = new Uint8Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  get free(): number {
    return this.capacity - this.#size;
  }

  /** Takes as many bytes as fit; returns how many. */
  write(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.free);
    const tail = (this.#head + this.#size) % this.capacity;
    const first = Math.min(count, this.capacity - tail);
    this.#bytes.set(bytes.subarray(0, first), tail);
    this.#bytes.set(bytes.subarray(first, count), 0);
    this.#size += count;
    return count;
  }

  /** Moves the oldest bytes to `target`, as many as there are and fit; returns how many. */
  read(target: Uint8Array): number {
    const count = Math.min(target.length, this.#size);
    const first = Math.min(count, this.capacity - this.#head);
    target.set(this.#bytes.subarray(this.#head, this.#head + first), 0);
    target.set(this.#bytes.subarray(0, count - first), first);
    this.#head = (this.#head + count) % this.capacity;
    this.#size -= count;
    return count;
  }

  clear(): void {
    this.#head = this.#size = 0;
  }
}
