/** A `lines` record as a reader hands it out: checked whole before anyone sees a part of it. */
import { LINE_BYTES, LinesOver, LinesPayload, MAX_BATCH_PAGES, PageLines } from './stream.abi.ts';
import { PayloadError } from './stream-error.ts';

/** Of one page: which lines are told, and what the others hold. */
export interface ToldLines {
  gfn: number;
  over: LinesOver;
  /** Lines 0 to 31, and 32 to 63. */
  low: number;
  high: number;
}

/**
 * `bytes` are the told lines one after another. They lie in the stream's own buffer: valid until the
 * visit returns, and not to be written.
 */
export type LinesVisitor = (lines: ToldLines, bytes: Uint8Array) => void;

export class LineBatch {
  readonly pages: number;
  private readonly memoryPages: number;
  private readonly payload: Uint8Array;
  private readonly view: DataView;

  /** @throws PayloadError unless every page lies inside `memoryPages` and every byte belongs to one */
  constructor(payload: Uint8Array, memoryPages: number) {
    this.memoryPages = memoryPages;
    this.payload = payload;
    this.view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    if (payload.length < LinesPayload.table) throw new PayloadError('lines without their head');
    this.pages = this.view.getUint32(LinesPayload.pages, true);
    if (this.pages === 0 || this.pages > MAX_BATCH_PAGES || payload.length < this.linesAt) {
      throw new PayloadError(`lines of ${this.pages} pages in ${payload.length} bytes`);
    }
    let bytes = this.linesAt;
    for (let index = 0; index < this.pages; index++) bytes += this.checked(this.entry(index));
    if (payload.length !== bytes) {
      throw new PayloadError('the size of a batch of lines does not fit what it holds');
    }
  }

  /** The same with bytes of its own: valid for as long as one has it. */
  keep(): LineBatch {
    return new LineBatch(this.payload.slice(), this.memoryPages);
  }

  /** In the order of the stream. */
  forEachPage(visit: LinesVisitor): void {
    let at = this.linesAt;
    for (let index = 0; index < this.pages; index++) {
      const lines = this.entry(index);
      const end = at + lineCount(lines) * LINE_BYTES;
      visit(lines, this.payload.subarray(at, end));
      at = end;
    }
  }

  private get linesAt(): number {
    return LinesPayload.table + this.pages * PageLines.size;
  }

  private entry(index: number): ToldLines {
    const at = LinesPayload.table + index * PageLines.size;
    return {
      gfn: this.view.getUint32(at + PageLines.gfn, true),
      over: this.view.getUint32(at + PageLines.over, true) as LinesOver,
      low: this.view.getUint32(at + PageLines.low, true),
      high: this.view.getUint32(at + PageLines.high, true),
    };
  }

  /** The bytes of its lines. */
  private checked(lines: ToldLines): number {
    const { gfn, over } = lines;
    if (gfn >= this.memoryPages) {
      throw new PayloadError(`lines of page ${gfn} of a domain that has ${this.memoryPages}`);
    }
    if (over > LinesOver.before) throw new PayloadError(`lines over what is not known: ${over}`);
    const count = lineCount(lines);
    if (count === 0) throw new PayloadError(`page ${gfn} without any lines`);
    return count * LINE_BYTES;
  }
}

/** Calls with the first line of each run of neighbours and how many they are. */
export function forEachLineRun(
  { low, high }: Pick<ToldLines, 'low' | 'high'>,
  visit: (first: number, count: number) => void,
): void {
  const isTold = (line: number): boolean => (((line < 32 ? low : high) >>> (line & 31)) & 1) === 1;
  for (let line = 0; line < 64; line++) {
    if (!isTold(line)) continue;
    const first = line;
    while (line < 63 && isTold(line + 1)) line++;
    visit(first, line + 1 - first);
  }
}

export function lineCount({ low, high }: Pick<ToldLines, 'low' | 'high'>): number {
  return bitCount(low) + bitCount(high);
}

/** Of a 32-bit word; the usual sums of neighbouring bits, side by side. */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
