/** Gathers the payload of one `lines` record. */
import type { ToldLines } from './line-batch.ts';
import { forEachLineRun, lineCount } from './line-batch.ts';
import { LINE_BYTES, LinesPayload, MAX_BATCH_PAGES, PAGE_BYTES, PageLines } from './stream.abi.ts';

/** Of lines: little beside a chunk, so that what was written goes on its way soon. */
const ROOM_BYTES: number = 64 << 10;

export class LineBatchBuilder {
  private readonly head = new Uint8Array(LinesPayload.table + MAX_BATCH_PAGES * PageLines.size);
  private readonly view = new DataView(this.head.buffer);
  private readonly lines = new Uint8Array(ROOM_BYTES);
  private pages = 0;
  private bytes = 0;

  get isEmpty(): boolean {
    return this.pages === 0;
  }

  /** Copies those lines out of the guest's memory; false when there is no more room. */
  add(ram: Uint8Array, told: ToldLines): boolean {
    const bytes = lineCount(told) * LINE_BYTES;
    if (this.pages === MAX_BATCH_PAGES || this.bytes + bytes > ROOM_BYTES) return false;
    const entry = LinesPayload.table + this.pages * PageLines.size;
    this.view.setUint32(entry + PageLines.gfn, told.gfn, true);
    this.view.setUint32(entry + PageLines.over, told.over, true);
    this.view.setUint32(entry + PageLines.low, told.low, true);
    this.view.setUint32(entry + PageLines.high, told.high, true);
    const page = told.gfn * PAGE_BYTES;
    forEachLineRun(told, (first, count) => {
      const from = page + first * LINE_BYTES;
      this.lines.set(ram.subarray(from, from + count * LINE_BYTES), this.bytes);
      this.bytes += count * LINE_BYTES;
    });
    this.pages++;
    return true;
  }

  /** The payload in pieces, valid until the next {@link add}; forgets the batch. */
  complete(): { pieces: Uint8Array[]; pages: number } {
    const { pages, bytes } = this;
    this.view.setUint32(LinesPayload.pages, pages, true);
    const head = this.head.subarray(0, LinesPayload.table + pages * PageLines.size);
    [this.pages, this.bytes] = [0, 0];
    return { pieces: [head, this.lines.subarray(0, bytes)], pages };
  }
}
