/**
 * What the receiver of a live stream holds of the pages that the guest keeps writing, so that they
 * are sent again as the lines that changed. As QEMU's XBZRLE cache, a part of memory is enough: a
 * guest that writes all of it changes it faster than anything helps.
 */
import type { ToldLines } from './line-batch.ts';
import type { LinesOver } from './stream.abi.ts';
import { LINE_BYTES, PAGE_BYTES } from './stream.abi.ts';

const LINE_WORDS = LINE_BYTES / 4;
const PAGE_WORDS = PAGE_BYTES / 4;
/** Memory is taken as it is needed, in pieces of 1 MiB. */
const PIECE_PAGES = 256;
const MOST_PAGES = 16_384;
/** Once full, so many pages go by for each that takes another's place: a loop over more than fits keeps most of them. */
const NEWCOMERS = 8;
/** A page with more lines than this goes as a whole: it takes less time on both sides. */
const MOST_LINES = 48;

export class SentPages {
  private readonly capacity: number;
  private readonly slots = new Map<number, number>();
  private readonly owners: number[] = [];
  private readonly pieces: Uint32Array[] = [];
  private free: number[] = [];
  private passedBy = 0;
  private victim = 0;

  constructor(capacity: number = MOST_PAGES) {
    this.capacity = capacity;
  }

  /** How page `gfn` of `ram` differs from what was kept of it; null when nothing was. */
  changes(ram: Uint32Array, gfn: number): LineScan | null {
    const slot = this.slots.get(gfn);
    if (slot === undefined) return null;
    const piece = this.pieces[Math.trunc(slot / PIECE_PAGES)]!;
    return LineScan.between(ram, gfn, piece, (slot % PIECE_PAGES) * PAGE_WORDS);
  }

  /** The receiver has been sent page `gfn` as it is now. */
  keep(ram: Uint32Array, gfn: number): void {
    const slot = this.slots.get(gfn) ?? this.place(gfn);
    if (slot === null) return;
    const from = gfn * PAGE_WORDS;
    this.pieces[Math.trunc(slot / PIECE_PAGES)]!.set(
      ram.subarray(from, from + PAGE_WORDS),
      (slot % PIECE_PAGES) * PAGE_WORDS,
    );
  }

  /** The receiver has been sent something else of it. */
  forget(gfn: number): void {
    const slot = this.slots.get(gfn);
    if (slot === undefined) return;
    this.slots.delete(gfn);
    this.free.push(slot);
  }

  private place(gfn: number): number | null {
    const slot = this.free.pop() ?? this.unused() ?? this.another();
    if (slot === null) return null;
    this.slots.set(gfn, slot);
    this.owners[slot] = gfn;
    return slot;
  }

  private unused(): number | null {
    const slot = this.owners.length;
    if (slot >= this.capacity) return null;
    if (slot % PIECE_PAGES === 0) this.pieces.push(new Uint32Array(PIECE_PAGES * PAGE_WORDS));
    return slot;
  }

  private another(): number | null {
    if (this.capacity === 0 || ++this.passedBy % NEWCOMERS !== 0) return null;
    const slot = this.victim;
    this.victim = (this.victim + 1) % this.capacity;
    this.slots.delete(this.owners[slot]!);
    return slot;
  }
}

/** Lines of a page that are not as somewhere else. */
export class LineScan {
  readonly low: number;
  readonly high: number;
  readonly count: number;

  private constructor(low: number, high: number, count: number) {
    this.low = low;
    this.high = high;
    this.count = count;
  }

  /** Too many to be told one by one. */
  get isWhole(): boolean {
    return this.count > MOST_LINES;
  }

  told(gfn: number, over: LinesOver): ToldLines {
    return { gfn, over, low: this.low, high: this.high };
  }

  /** Lines with anything in them. */
  static ofPage(ram: Uint32Array, gfn: number): LineScan {
    return LineScan.between(ram, gfn, NO_PAGE, 0);
  }

  static between(ram: Uint32Array, gfn: number, other: Uint32Array, otherAt: number): LineScan {
    const at = gfn * PAGE_WORDS;
    let [low, high, count] = [0, 0, 0];
    for (let line = 0; line < 64; line++) {
      const from = line * LINE_WORDS;
      let word = 0;
      while (word < LINE_WORDS && ram[at + from + word] === other[otherAt + from + word]) word++;
      if (word === LINE_WORDS) continue;
      count++;
      if (line < 32) low |= 1 << line;
      else high |= 1 << (line - 32);
    }
    return new LineScan(low >>> 0, high >>> 0, count);
  }
}

const NO_PAGE = new Uint32Array(PAGE_WORDS);
