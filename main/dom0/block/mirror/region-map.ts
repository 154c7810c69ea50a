/** A bit for each region of a disk: those that are to be copied, or were written once. */

/** As QEMU's mirror has it: a cluster of the images made here. */
export const REGION_BYTES = 64 * 1024;

const BITS = 32;

export class RegionMap {
  /** Of the disk; the last region may be shorter. */
  readonly bytes: number;
  readonly regions: number;
  private readonly words: Uint32Array;
  private marked = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.regions = Math.ceil(bytes / REGION_BYTES);
    this.words = new Uint32Array(Math.ceil(this.regions / BITS));
  }

  /** Marked regions. */
  get count(): number {
    return this.marked;
  }

  has(region: number): boolean {
    return (this.words[region >>> 5]! & (1 << (region & 31))) !== 0;
  }

  /** Marks every region that has a byte of `length` from `offset` on; both in bytes, within the disk. */
  mark(offset: number, length: number): void {
    if (length === 0) return;
    const last = Math.floor((offset + length - 1) / REGION_BYTES);
    for (let region = Math.floor(offset / REGION_BYTES); region <= last; region++) {
      if (this.has(region)) continue;
      this.words[region >>> 5]! |= 1 << (region & 31);
      this.marked++;
    }
  }

  /** Takes the mark from `count` regions from `first` on. */
  clear(first: number, count: number): void {
    for (let region = first; region < first + count; region++) {
      if (!this.has(region)) continue;
      this.words[region >>> 5]! &= ~(1 << (region & 31));
      this.marked--;
    }
  }

  /** The next marked regions that are neighbours, at most `most`, from region `from` on; or null. */
  nextRun(from: number, most: number): { first: number; count: number } | null {
    let first = from;
    while (first < this.regions && !this.has(first)) {
      const isWordClear = (first & 31) === 0 && this.words[first >>> 5] === 0;
      first += isWordClear ? BITS : 1;
    }
    if (first >= this.regions) return null;
    let count = 1;
    while (count < most && first + count < this.regions && this.has(first + count)) count++;
    return { first, count };
  }
}
