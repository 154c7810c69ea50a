/**
 * The asking side of a disk ring, in a domain's thread. It never waits: requests go out at once,
 * completions are taken by {@link DiskClient.poll} after the thread's doorbell rang.
 */
import {
  COMPLETIONS_AT,
  CompletionWord,
  DATA_AT,
  DATA_PAGE_BYTES,
  DiskOperation,
  DiskStatus,
  REQUESTS_AT,
  RequestWord,
  RingWord,
  SLOTS,
} from './disk-ring.abi.ts';

/** A piece of the data area. Fill it before a write; read it inside `done` of a read. */
export interface DiskBuffer {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Byte offset in the data area. */
  readonly at: number;
}

export type DiskDone = (status: DiskStatus) => void;

interface Outstanding {
  buffer: DiskBuffer | null;
  done: DiskDone;
}

export class DiskClient {
  private readonly words: Int32Array;
  private readonly data: Uint8Array<SharedArrayBuffer>;
  /** One byte for each page of the data area: 1 when it is in use. */
  private readonly pagesInUse: Uint8Array;
  private nextPage = 0;
  private readonly outstanding: (Outstanding | null)[] = new Array<null>(SLOTS).fill(null);
  private readonly freeIds: number[] = Array.from({ length: SLOTS }, (_, id) => id);
  private requested = 0;
  private accepted = 0;

  /** @param ring of `createDiskRing`, fresh: a ring serves one client in its life */
  constructor(ring: SharedArrayBuffer) {
    this.words = new Int32Array(ring, 0, DATA_AT / 4);
    this.data = new Uint8Array(ring, DATA_AT);
    this.pagesInUse = new Uint8Array(this.data.length / DATA_PAGE_BYTES);
  }

  /** Requests under way. */
  get inFlight(): number {
    return SLOTS - this.freeIds.length;
  }

  /** There is something for `poll` to take. */
  get hasCompletion(): boolean {
    return Atomics.load(this.words, RingWord.completed) !== this.accepted;
  }

  /** The I/O worker serves no more: every request fails with `gone`. */
  get closed(): boolean {
    return Atomics.load(this.words, RingWord.closed) !== 0;
  }

  /**
   * Room for `length` bytes, 1 to the data area's size; null when there is none until requests
   * under way complete. It is given back when the request that uses it is done, or by `release`.
   */
  reserve(length: number): DiskBuffer | null {
    const pages = Math.ceil(length / DATA_PAGE_BYTES);
    const first = this.findPages(pages);
    if (first === null) return null;
    this.pagesInUse.fill(1, first, first + pages);
    this.nextPage = first + pages;
    const at = first * DATA_PAGE_BYTES;
    return { at, bytes: this.data.subarray(at, at + length) };
  }

  /** Gives back what {@link reserve} gave and no request uses. */
  release(buffer: DiskBuffer): void {
    const first = buffer.at / DATA_PAGE_BYTES;
    this.pagesInUse.fill(0, first, first + Math.ceil(buffer.bytes.length / DATA_PAGE_BYTES));
  }

  /**
   * Asks for `buffer.bytes.length` bytes from byte `offset` on, both multiples of 512. False, and
   * nothing happened, when too many requests are under way.
   */
  read(offset: number, buffer: DiskBuffer, done: DiskDone): boolean {
    return this.submit(DiskOperation.read, offset, buffer.bytes.length, buffer, done);
  }

  /** Like {@link read}. */
  write(offset: number, buffer: DiskBuffer, done: DiskDone): boolean {
    return this.submit(DiskOperation.write, offset, buffer.bytes.length, buffer, done);
  }

  /** Like {@link read}; `length` is below 2 TiB. */
  discard(offset: number, length: number, done: DiskDone): boolean {
    return this.submit(DiskOperation.discard, offset, length, null, done);
  }

  /** Everything that was done before is stable when this is. */
  flush(done: DiskDone): boolean {
    return this.submit(DiskOperation.flush, 0, 0, null, done);
  }

  /** Takes completions and calls their `done`, which may ask anew. Returns how many there were. */
  poll(): number {
    let count = 0;
    while (this.hasCompletion) {
      const slot = COMPLETIONS_AT + (this.accepted & (SLOTS - 1)) * CompletionWord.size;
      const id = this.words[slot + CompletionWord.id]!;
      const status = this.words[slot + CompletionWord.status] as DiskStatus;
      this.accepted = (this.accepted + 1) | 0;
      Atomics.store(this.words, RingWord.accepted, this.accepted);
      this.finish(id, status);
      count++;
    }
    return this.inFlight > 0 && this.closed ? count + this.failAll() : count;
  }

  private submit(
    operation: DiskOperation,
    offset: number,
    length: number,
    buffer: DiskBuffer | null,
    done: DiskDone,
  ): boolean {
    const id = this.freeIds.pop();
    if (id === undefined) return false;
    this.outstanding[id] = { buffer, done };
    const sector = offset / 512;
    const slot = REQUESTS_AT + (this.requested & (SLOTS - 1)) * RequestWord.size;
    this.words[slot + RequestWord.id] = id;
    this.words[slot + RequestWord.operation] = operation;
    this.words[slot + RequestWord.sectorLow] = sector | 0;
    this.words[slot + RequestWord.sectorHigh] = Math.floor(sector / 2 ** 32);
    this.words[slot + RequestWord.sectors] = (length / 512) | 0;
    this.words[slot + RequestWord.dataAt] = buffer?.at ?? 0;
    this.requested = (this.requested + 1) | 0;
    Atomics.store(this.words, RingWord.requested, this.requested);
    Atomics.notify(this.words, RingWord.requested);
    return true;
  }

  private finish(id: number, status: DiskStatus): void {
    const request = this.outstanding[id];
    if (!request) return;
    this.outstanding[id] = null;
    this.freeIds.push(id);
    try {
      request.done(status);
    } finally {
      if (request.buffer) this.release(request.buffer);
    }
  }

  private failAll(): number {
    // Each before any is finished: a `done` may ask anew, and that must not be failed in this round.
    const ids = this.outstanding.flatMap((request, id) => (request ? [id] : []));
    for (const id of ids) this.finish(id, DiskStatus.gone);
    return ids.length;
  }

  /** First of `count` neighbouring free pages, from where the last search ended on, then from 0. */
  private findPages(count: number): number | null {
    const total = this.pagesInUse.length;
    return this.findBetween(this.nextPage, total, count) ?? this.findBetween(0, total, count);
  }

  private findBetween(from: number, to: number, count: number): number | null {
    let first = from;
    for (let page = from; page < to; page++) {
      if (this.pagesInUse[page] === 1) first = page + 1;
      else if (page - first + 1 === count) return first;
    }
    return null;
  }
}
