/** Bytes that were written and not acknowledged yet, as the chunks they came in. */
export class SendQueue {
  private readonly chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are acknowledged. */
  private skipped = 0;
  private bytes = 0;

  get length(): number {
    return this.bytes;
  }

  /** The chunk belongs to the queue from now on. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.bytes += chunk.length;
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
  }

  clear(): void {
    this.chunks.length = 0;
    this.skipped = 0;
    this.bytes = 0;
  }
}
