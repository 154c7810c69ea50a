/** A guest's memory into a stream, and out of it again. */
import type { LineBatch } from './line-batch.ts';
import { forEachLineRun, lineCount } from './line-batch.ts';
import { filledLines } from './line-scan.ts';
import type { PageBatch } from './page-batch.ts';
import type { SentPages } from './sent-pages.ts';
import { LINE_BYTES, LinesOver, PAGE_BYTES, PageKind } from './stream.abi.ts';
import type { StreamWriter } from './writer.ts';
import { ZeroScan } from './zero-scan.ts';

/** A page with more lines than this goes as a whole: it takes less time on both sides. */
const MOST_LINES = 48;

export interface GuestMemorySource {
  /** Guest RAM from gfn 0 on, a multiple of 4096 bytes; may lie in wasm or shared memory. */
  readonly ram: Uint8Array;
  /** False for frames that are ballooned out, or never were there: their bytes are not read. */
  isPopulated(gfn: number): boolean;
}

/** Writes all frames of the domain once. */
export function writeMemory(writer: StreamWriter, source: GuestMemorySource): void {
  const frames = Uint32Array.from({ length: source.ram.length / PAGE_BYTES }, (_, gfn) => gfn);
  writeFrames(writer, source, frames);
}

/** How a live stream tells pages by their lines: `again` when they are not the first of a frame. */
export interface LineTerms {
  sent: SentPages;
  again: boolean;
}

/** Writes those frames, ascending: for a part of a live stream. */
export function writeFrames(
  writer: StreamWriter,
  source: GuestMemorySource,
  frames: Uint32Array,
  lines: LineTerms | null = null,
): void {
  const scan = new ZeroScan(source.ram);
  const byLines = lines && new LineWriter(writer, source.ram, lines);
  const kindOf = (gfn: number): PageKind => {
    if (!source.isPopulated(gfn)) return PageKind.unpopulated;
    const zero = scan.isZero(gfn * PAGE_BYTES, (gfn + 1) * PAGE_BYTES);
    return zero ? PageKind.zero : PageKind.data;
  };
  let [first, count] = [0, 0];
  let runKind: PageKind = PageKind.zero;
  const endRun = (): void => {
    if (count === 0) return;
    if (runKind === PageKind.data) writer.addPages(source.ram, first, count);
    else writer.addEmptyPages(runKind, first, count);
  };
  for (const gfn of frames) {
    const kind = kindOf(gfn);
    if (byLines?.took(gfn, kind)) continue;
    if (kind === runKind && first + count === gfn) count++;
    else {
      endRun();
      [first, count, runKind] = [gfn, 1, kind];
    }
  }
  endRun();
}

/** Takes the pages that are told by their lines. */
class LineWriter {
  private readonly writer: StreamWriter;
  private readonly ram: Uint8Array;
  private readonly words: Uint32Array;
  private readonly terms: LineTerms;

  constructor(writer: StreamWriter, ram: Uint8Array, terms: LineTerms) {
    this.writer = writer;
    this.ram = ram;
    this.words = new Uint32Array(ram.buffer, ram.byteOffset, ram.length / 4);
    this.terms = terms;
  }

  /** False when the page has to be told as a whole, or has no bytes. */
  took(gfn: number, kind: PageKind): boolean {
    const { sent, again } = this.terms;
    if (kind !== PageKind.data) {
      sent.forget(gfn);
      return false;
    }
    const changes = sent.changes(this.words, gfn);
    if (changes && lineCount(changes) === 0) return true;
    if (again) sent.keep(this.words, gfn);
    const told = changes ?? filledLines(this.words, gfn);
    if (lineCount(told) > MOST_LINES) return false;
    this.writer.addLines(this.ram, told);
    return true;
  }
}

export interface GuestMemorySinkOptions {
  /**
   * The memory is known to be all zeros (a wasm memory nobody wrote to): zero pages are then not
   * touched, and cost no memory of the operating system's.
   */
  fresh: boolean;
  /** Told of every run of frames whether there is anything behind them. */
  setPopulated(firstGfn: number, count: number, populated: boolean): void;
  /** Told of every run of frames that was written over. */
  rewritten?(firstGfn: number, count: number): void;
}

/** Puts the pages of a stream into a guest's memory. */
export class GuestMemorySink {
  private readonly ram: () => Uint8Array;
  private readonly options: GuestMemorySinkOptions;
  /** A byte for each frame: 1 when it may hold something else than zeros. */
  private readonly touched: Uint8Array;

  /** `ram` is the whole of the guest's RAM, as large as the stream's config says; asked for each batch. */
  constructor(ram: () => Uint8Array, options: GuestMemorySinkOptions) {
    this.ram = ram;
    this.options = options;
    this.touched = new Uint8Array(ram().length / PAGE_BYTES).fill(options.fresh ? 0 : 1);
  }

  /** The handler's `pages`. */
  apply(batch: PageBatch): void {
    const ram = this.ram();
    batch.forEachRun((kind, firstGfn, count, bytes) => {
      if (kind === PageKind.data) {
        ram.set(bytes, firstGfn * PAGE_BYTES);
        this.touched.fill(1, firstGfn, firstGfn + count);
      } else {
        this.clear(ram, firstGfn, count);
      }
      this.options.rewritten?.(firstGfn, count);
      this.options.setPopulated(firstGfn, count, kind !== PageKind.unpopulated);
    });
  }

  /** The handler's `lines`. */
  applyLines(batch: LineBatch): void {
    const ram = this.ram();
    batch.forEachPage((told, bytes) => {
      const { gfn, over } = told;
      if (over === LinesOver.zeros) this.clear(ram, gfn, 1);
      let at = 0;
      forEachLineRun(told, (first, count) => {
        const end = at + count * LINE_BYTES;
        ram.set(bytes.subarray(at, end), gfn * PAGE_BYTES + first * LINE_BYTES);
        at = end;
      });
      this.touched[gfn] = 1;
      this.options.rewritten?.(gfn, 1);
      this.options.setPopulated(gfn, 1, true);
    });
  }

  private clear(ram: Uint8Array, firstGfn: number, count: number): void {
    const run = this.touched.subarray(firstGfn, firstGfn + count);
    for (let index = run.indexOf(1); index >= 0; index = run.indexOf(1, index + 1)) {
      const at = (firstGfn + index) * PAGE_BYTES;
      ram.fill(0, at, at + PAGE_BYTES);
      run[index] = 0;
    }
  }
}
