/**
 * Fills one `pages` record inside the chunk being written: each page is copied once, from the
 * guest's memory into its final place.
 */
import type { ChunkOutput } from './chunk-output.ts';
import {
  MAX_BATCH_PAGES,
  MAX_BATCH_RUNS,
  PAGE_BYTES,
  PageKind,
  PageRun,
  PagesPayload,
  RUN_COUNT_MASK,
  RUN_KIND_SHIFT,
  RecordHeader,
} from './stream.abi.ts';

const FIRST_PAGE = RecordHeader.size + PagesPayload.data;
/** A batch is begun only where at least one page and two runs fit. */
export const MIN_BATCH_BYTES: number = FIRST_PAGE + PAGE_BYTES + 2 * PageRun.size;

export class PageBatchBuilder {
  private readonly output: ChunkOutput;
  /** Pairs as in {@link PageRun}. */
  private readonly runs = new Uint32Array(2 * MAX_BATCH_RUNS);
  private runCount = 0;
  private dataPages = 0;

  constructor(output: ChunkOutput) {
    this.output = output;
  }

  get isEmpty(): boolean {
    return this.runCount === 0;
  }

  /** Adds as much of a run of zero or unpopulated frames as fits; returns how many frames. */
  addEmpty(
    kind: typeof PageKind.zero | typeof PageKind.unpopulated,
    firstGfn: number,
    count: number,
  ): number {
    if (this.bytesLeft < PageRun.size || this.runCount === MAX_BATCH_RUNS) return 0;
    const taken = Math.min(count, RUN_COUNT_MASK);
    this.addRun(kind, firstGfn, taken);
    return taken;
  }

  /** Adds as many of `count` data pages of `ram` as fit; returns how many. */
  addData(ram: Uint8Array, firstGfn: number, count: number): number {
    const room = Math.floor((this.bytesLeft - PageRun.size) / PAGE_BYTES);
    const taken = Math.min(count, room, MAX_BATCH_PAGES - this.dataPages);
    if (taken <= 0 || this.runCount === MAX_BATCH_RUNS) return 0;
    const from = firstGfn * PAGE_BYTES;
    const at = this.output.at + FIRST_PAGE + this.dataPages * PAGE_BYTES;
    this.output.bytes.set(ram.subarray(from, from + taken * PAGE_BYTES), at);
    this.dataPages += taken;
    this.addRun(PageKind.data, firstGfn, taken);
    return taken;
  }

  /**
   * Completes the payload in the chunk and forgets the batch. The caller fills the header, which
   * lies at the output's position, and moves that on.
   */
  complete(): { payloadBytes: number; dataPages: number } {
    const { bytes, at } = this.output;
    const payloadAt = at + RecordHeader.size;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(payloadAt + PagesPayload.dataPages, this.dataPages, true);
    view.setUint32(payloadAt + PagesPayload.runs, this.runCount, true);
    let entry = payloadAt + PagesPayload.data + this.dataPages * PAGE_BYTES;
    for (let index = 0; index < this.runCount; index++, entry += PageRun.size) {
      view.setUint32(entry + PageRun.firstGfn, this.runs[2 * index] ?? 0, true);
      view.setUint32(entry + PageRun.countAndKind, this.runs[2 * index + 1] ?? 0, true);
    }
    const result = { payloadBytes: entry - payloadAt, dataPages: this.dataPages };
    this.runCount = 0;
    this.dataPages = 0;
    return result;
  }

  private get bytesLeft(): number {
    const used = FIRST_PAGE + this.dataPages * PAGE_BYTES + this.runCount * PageRun.size;
    return this.output.free - used;
  }

  private addRun(kind: PageKind, firstGfn: number, count: number): void {
    this.runs[2 * this.runCount] = firstGfn;
    this.runs[2 * this.runCount + 1] = (kind << RUN_KIND_SHIFT) | count;
    this.runCount++;
  }
}
