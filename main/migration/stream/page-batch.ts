/** A `pages` record as a reader hands it out: checked whole before anyone sees a part of it. */
import {
  MAX_BATCH_PAGES,
  MAX_BATCH_RUNS,
  PAGE_BYTES,
  PageKind,
  PageRun,
  PagesPayload,
  RUN_COUNT_MASK,
  RUN_KIND_SHIFT,
} from './stream.abi.ts';
import { PayloadError } from './stream-error.ts';

/**
 * `bytes` are the run's pages one after another, and empty unless `kind` is `PageKind.data`. They
 * lie in the stream's own buffer: valid until the visit returns, and not to be written.
 */
export type RunVisitor = (
  kind: PageKind,
  firstGfn: number,
  count: number,
  bytes: Uint8Array,
) => void;

const NO_BYTES = new Uint8Array(0);

export class PageBatch {
  readonly dataPages: number;
  private readonly memoryPages: number;
  private readonly payload: Uint8Array;
  private readonly view: DataView;

  /** @throws PayloadError unless every run lies inside `memoryPages` and every byte belongs to one */
  constructor(payload: Uint8Array, memoryPages: number) {
    this.memoryPages = memoryPages;
    this.payload = payload;
    this.view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    if (payload.length < PagesPayload.data) throw new PayloadError('a page batch without its head');
    this.dataPages = this.view.getUint32(PagesPayload.dataPages, true);
    const runs = this.view.getUint32(PagesPayload.runs, true);
    if (this.dataPages > MAX_BATCH_PAGES || runs > MAX_BATCH_RUNS || runs === 0) {
      throw new PayloadError(`a page batch of ${this.dataPages} pages in ${runs} runs`);
    }
    if (payload.length !== this.runTable + runs * PageRun.size) {
      throw new PayloadError('the size of a page batch does not fit what it holds');
    }
    this.checkRuns(memoryPages);
  }

  /** The same with bytes of its own: valid for as long as one has it. */
  keep(): PageBatch {
    return new PageBatch(this.payload.slice(), this.memoryPages);
  }

  /** In the order of the stream: of two runs with the same frame, the later one counts. */
  forEachRun(visit: RunVisitor): void {
    let dataAt: number = PagesPayload.data;
    for (let entry = this.runTable; entry < this.payload.length; entry += PageRun.size) {
      const firstGfn = this.view.getUint32(entry + PageRun.firstGfn, true);
      const word = this.view.getUint32(entry + PageRun.countAndKind, true);
      const count = word & RUN_COUNT_MASK;
      const kind = (word >>> RUN_KIND_SHIFT) as PageKind;
      if (kind === PageKind.data) {
        const end = dataAt + count * PAGE_BYTES;
        visit(kind, firstGfn, count, this.payload.subarray(dataAt, end));
        dataAt = end;
      } else {
        visit(kind, firstGfn, count, NO_BYTES);
      }
    }
  }

  private get runTable(): number {
    return PagesPayload.data + this.dataPages * PAGE_BYTES;
  }

  private checkRuns(memoryPages: number): void {
    let dataPages = 0;
    for (let entry = this.runTable; entry < this.payload.length; entry += PageRun.size) {
      const firstGfn = this.view.getUint32(entry + PageRun.firstGfn, true);
      const word = this.view.getUint32(entry + PageRun.countAndKind, true);
      const count = word & RUN_COUNT_MASK;
      const kind = word >>> RUN_KIND_SHIFT;
      if (kind > PageKind.unpopulated) throw new PayloadError(`pages of an unknown kind ${kind}`);
      if (count === 0 || firstGfn + count > memoryPages) {
        throw new PayloadError(
          `pages ${firstGfn} to ${firstGfn + count - 1} of a domain that has ${memoryPages}`,
        );
      }
      if (kind === PageKind.data) dataPages += count;
    }
    if (dataPages !== this.dataPages) {
      throw new PayloadError(`runs of ${dataPages} data pages over ${this.dataPages} pages`);
    }
  }
}
