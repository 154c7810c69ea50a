/** Cuts arbitrary chunks into pieces of the asked sizes, copying only across chunk borders. */
export class ByteGatherer {
  private chunk: Uint8Array = new Uint8Array(0);
  private at = 0;
  /** The beginning of a piece whose end has not come yet. */
  private partial: Uint8Array = new Uint8Array(0);
  private gathered = 0;

  /** The next chunk; the previous one must be used up ({@link take} returned null). */
  feed(chunk: Uint8Array): void {
    this.chunk = chunk;
    this.at = 0;
  }

  /** Bytes of the chunk that no piece has taken. */
  get left(): number {
    return this.chunk.length - this.at;
  }

  /**
   * The next `count` bytes, or null when the chunk ends before them: ask again, for as many, after
   * the next {@link feed}. The result is valid until the next call, except a chunk's own bytes.
   */
  take(count: number): Uint8Array | null {
    if (this.gathered === 0 && this.left >= count) {
      const piece = this.chunk.subarray(this.at, this.at + count);
      this.at += count;
      return piece;
    }
    this.gather(count);
    if (this.gathered < count) return null;
    this.gathered = 0;
    return this.partial.subarray(0, count);
  }

  private gather(count: number): void {
    const more = Math.min(count - this.gathered, this.left);
    this.makeRoom(Math.min(count, this.gathered + more), count);
    this.partial.set(this.chunk.subarray(this.at, this.at + more), this.gathered);
    this.at += more;
    this.gathered += more;
  }

  /** Grows with what has arrived, not with what a header promises. */
  private makeRoom(needed: number, limit: number): void {
    if (this.partial.length >= needed) return;
    const grown = new Uint8Array(Math.min(limit, Math.max(needed, 2 * this.partial.length, 4096)));
    grown.set(this.partial.subarray(0, this.gathered));
    this.partial = grown;
  }
}
