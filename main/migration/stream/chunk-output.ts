/**
 * Gathers a stream's bytes in chunks and hands full ones on.
 *
 * A chunk holds whole records, so that the receiver can use them where they lie, except that a
 * record larger than a chunk is spread over several.
 */
export type ChunkSink = (chunk: Uint8Array<ArrayBuffer>) => void;

export class ChunkOutput {
  /** The chunk being filled, and how far it is. */
  bytes: Uint8Array<ArrayBuffer>;
  at = 0;
  private readonly sink: ChunkSink;
  private readonly allocate: () => Uint8Array<ArrayBuffer>;
  private handedOn = 0;

  constructor(sink: ChunkSink, allocate: () => Uint8Array<ArrayBuffer>) {
    this.sink = sink;
    this.allocate = allocate;
    this.bytes = allocate();
  }

  /** Bytes written so far, handed on or not. */
  get total(): number {
    return this.handedOn + this.at;
  }

  get free(): number {
    return this.bytes.length - this.at;
  }

  /** Begins a new chunk when `count` more bytes fit into one, but not into this one. */
  makeRoom(count: number): void {
    if (count > this.free) this.flush();
  }

  append(source: Uint8Array): void {
    let from = 0;
    while (from < source.length) {
      if (this.free === 0) this.flush();
      const count = Math.min(this.free, source.length - from);
      this.bytes.set(source.subarray(from, from + count), this.at);
      this.at += count;
      from += count;
    }
  }

  flush(): void {
    if (this.at === 0) return;
    const chunk = this.bytes.subarray(0, this.at);
    this.handedOn += this.at;
    this.at = 0;
    this.sink(chunk);
    this.bytes = this.allocate();
  }
}
