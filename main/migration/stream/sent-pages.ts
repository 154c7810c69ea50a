/**
 * What the receiver of a live stream holds of the pages that the guest keeps writing, so that they
 * are sent again as the lines that changed. As QEMU's XBZRLE cache, a part of memory is enough: a
 * guest that writes all of it changes it faster than anything helps.
 */
import type { ToldLines } from './line-batch.ts';
import { changedLines, PAGE_WORDS } from './line-scan.ts';

/** Memory is taken as it is needed, in pieces of 1 MiB. */
const PIECE_PAGES = 256;
const MOST_PAGES = 16_384;
/** Once full, so many pages go by for each that takes another's place: a loop over more than fits keeps most of them. */
const NEWCOMERS = 8;

export class SentPages {
  private readonly capacity: number;
  private readonly slots = new Map<number, number>();
  private readonly owners: number[] = [];
  private readonly pieces: Uint32Array[] = [];
  private readonly free: number[] = [];
  private passedBy = 0;
  private victim = 0;

  constructor(capacity: number = MOST_PAGES) {
    this.capacity = capacity;
  }

  /** How page `gfn` of `ram` differs from what was kept of it; null when nothing was. */
  changes(ram: Uint32Array, gfn: number): ToldLines | null {
    const slot = this.slots.get(gfn);
    if (slot === undefined) return null;
    return changedLines(ram, gfn, this.pieceOf(slot), wordOf(slot));
  }

  /** The receiver has been sent page `gfn` as it is now. */
  keep(ram: Uint32Array, gfn: number): void {
    const slot = this.slots.get(gfn) ?? this.place(gfn);
    if (slot === null) return;
    const from = gfn * PAGE_WORDS;
    this.pieceOf(slot).set(ram.subarray(from, from + PAGE_WORDS), wordOf(slot));
  }

  /** The receiver has been sent something else of it. */
  forget(gfn: number): void {
    const slot = this.slots.get(gfn);
    if (slot === undefined) return;
    this.slots.delete(gfn);
    this.free.push(slot);
  }

  private pieceOf(slot: number): Uint32Array {
    return this.pieces[Math.trunc(slot / PIECE_PAGES)]!;
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

/** In its piece. */
function wordOf(slot: number): number {
  return (slot % PIECE_PAGES) * PAGE_WORDS;
}
