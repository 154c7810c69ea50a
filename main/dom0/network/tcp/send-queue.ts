/** Chunks below this are copied together: a peer that trickles must not cost more than its bytes. */
const SMALL_BYTES = 2048;
const GATHER_BYTES = 16_384;

/** Bytes that were written and not acknowledged yet, large chunks as they came. */
export class SendQueue {
  private readonly chunks: Uint8Array[] = [];
  /** Where small chunks are gathered; the last of `chunks` is a view of what is filled. */
  private gathered: { buffer: Uint8Array; used: number } | null = null;
  /** Bytes of the first chunk that are acknowledged. */
  private skipped = 0;
  private bytes = 0;

  get length(): number {
    return this.bytes;
  }

  /** The chunk belongs to the queue from now on. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.bytes += chunk.length;
    if (chunk.length < SMALL_BYTES) this.gather(chunk);
    else {
      this.gathered = null;
      this.chunks.push(chunk);
    }
  }

  /** Fills `target` from `offset` bytes after the oldest one. */
  copy(offset: number, target: Uint8Array): void {
    let skip = this.skipped + offset;
    let filled = 0;
    for (const chunk of this.chunks) {
      if (filled === target.length) return;
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      const part = chunk.subarray(skip, skip + target.length - filled);
      target.set(part, filled);
      filled += part.length;
      skip = 0;
    }
  }

  /** Forgets the oldest bytes. */
  drop(count: number): void {
    this.bytes -= count;
    this.skipped += count;
    let whole = 0;
    for (const chunk of this.chunks) {
      if (this.skipped < chunk.length) break;
      this.skipped -= chunk.length;
      whole++;
    }
    this.chunks.splice(0, whole);
    if (this.chunks.length === 0) this.gathered = null;
  }

  clear(): void {
    this.chunks.length = 0;
    this.gathered = null;
    this.skipped = 0;
    this.bytes = 0;
  }

  private gather(chunk: Uint8Array): void {
    let { gathered } = this;
    if (!gathered || gathered.used + chunk.length > gathered.buffer.length) {
      gathered = this.gathered = { buffer: new Uint8Array(GATHER_BYTES), used: 0 };
    } else this.chunks.pop();
    gathered.buffer.set(chunk, gathered.used);
    gathered.used += chunk.length;
    this.chunks.push(gathered.buffer.subarray(0, gathered.used));
  }
}
