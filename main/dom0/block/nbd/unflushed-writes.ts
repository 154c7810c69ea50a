/**
 * Writes that an NBD server has done and not flushed: whoever starts it again may find them gone, so
 * they are kept, and sent again to the next connection (docs/adr/0013-nbd-reconnection.md).
 */
import type { NbdRequest } from './nbd-connection.ts';

/** What an entry takes beside its bytes, roughly. */
const ENTRY_BYTES = 256;
/** As many as qemu-nbd takes up at once. */
const SENT_AT_ONCE = 16;

export class UnflushedWrites {
  /** Of memory. */
  bytes = 0;
  /** In the order in which they were done. */
  private readonly writes: NbdRequest[] = [];
  /** Of all writes ever added, how many are no longer here. */
  private flushed = 0;

  get isEmpty(): boolean {
    return this.writes.length === 0;
  }

  /** It is done. */
  add(write: NbdRequest): void {
    this.writes.push(write);
    this.bytes += ENTRY_BYTES + write.length;
  }

  /** For {@link forget}: all that a flush covers that is sent now. */
  mark(): number {
    return this.flushed + this.writes.length;
  }

  /** The flush that was sent at the mark is done. */
  forget(mark: number): void {
    const gone = this.writes.splice(0, Math.max(0, mark - this.flushed));
    this.flushed += gone.length;
    for (const { length } of gone) this.bytes -= ENTRY_BYTES + length;
  }

  /**
   * Does all of them again. Servers do what is under way in whatever order: what overlaps waits for
   * what was done before it.
   */
  async replay(send: (write: NbdRequest) => Promise<void>): Promise<void> {
    let batch: NbdRequest[] = [];
    for (const write of this.writes) {
      if (batch.length === SENT_AT_ONCE || batch.some((other) => overlap(write, other))) {
        await Promise.all(batch.map(send));
        batch = [];
      }
      batch.push(write);
    }
    await Promise.all(batch.map(send));
  }
}

function overlap(one: NbdRequest, other: NbdRequest): boolean {
  return one.offset < other.offset + other.length && other.offset < one.offset + one.length;
}
