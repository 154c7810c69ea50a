/**
 * The guest's physical memory, seen from outside: plain views over the emulator's linear memory.
 *
 * The linear memory can grow, which detaches every view of it; all access goes through this class,
 * which notices and looks again. Host-side writers use `write`/`fill`, which also tell the
 * emulator to drop code it generated from those bytes, and the log of written pages. Who writes
 * through a view, where no code is, says `wrote`.
 */
import { DirtyLog } from './dirty-log.ts';
import type { LoggingEmulator } from './dirty-log.ts';
import { PAGE_SIZE } from './page.ts';

/** What this class needs of the emulator. */
export interface LinearMemory extends LoggingEmulator {
  /** To the log too. Generated code of the physical range [start, end) is void. */
  jit_dirty_cache(start: number, end: number): void;
}

export class GuestMemory {
  /** Bytes of physical memory that the emulator backs: RAM, special pages and grant frames. */
  readonly size: number;
  /** Its first byte in the linear memory. */
  readonly base: number;
  readonly log: DirtyLog;
  private readonly linear: LinearMemory;
  private u8 = new Uint8Array(0);
  private dataView = new DataView(new ArrayBuffer(0));
  private i32 = new Int32Array(0);

  constructor(linear: LinearMemory, base: number, size: number) {
    this.linear = linear;
    this.base = base;
    this.size = size;
    this.log = new DirtyLog(linear, base, size);
  }

  /** All of it; valid until control returns to the emulator. */
  get bytes(): Uint8Array {
    if (this.u8.length === 0) this.look();
    return this.u8;
  }

  get view(): DataView {
    if (this.u8.length === 0) this.look();
    return this.dataView;
  }

  /** As i32 words, for atomics on shared rings and bitmaps. */
  get words(): Int32Array {
    if (this.u8.length === 0) this.look();
    return this.i32;
  }

  /** One page, to be read; `gfn` must be within the memory (`contains`). */
  page(gfn: number): Uint8Array {
    return this.bytes.subarray(gfn * PAGE_SIZE, (gfn + 1) * PAGE_SIZE);
  }

  /** One page that is about to be written, as a ring is: only until control returns to the guest. */
  ownPage(gfn: number): Uint8Array {
    this.wrote(gfn * PAGE_SIZE, PAGE_SIZE);
    return this.page(gfn);
  }

  /** Was written through a view. */
  wrote(address: number, length: number): void {
    this.log.wrote(address, address + length);
  }

  /** Was written through a view, where code may be: what was translated of it is void. */
  rewritten(address: number, length: number): void {
    if (length > 0) this.linear.jit_dirty_cache(address, address + length);
  }

  contains(address: number, length: number): boolean {
    return address >= 0 && length >= 0 && address + length <= this.size;
  }

  /** Copies bytes in. Throws RangeError beyond the end: a caller checks what a guest named. */
  write(address: number, source: Uint8Array): void {
    // An empty range at 0 would be all of the memory to the emulator.
    if (source.length === 0) return;
    this.bytes.set(source, address);
    this.linear.jit_dirty_cache(address, address + source.length);
  }

  fill(address: number, length: number, value: number): void {
    this.bytes.fill(value, address, address + length);
    this.linear.jit_dirty_cache(address, address + length);
  }

  private look(): void {
    const buffer = this.linear.memory.buffer;
    this.u8 = new Uint8Array(buffer, this.base, this.size);
    this.dataView = new DataView(buffer, this.base, this.size);
    this.i32 = new Int32Array(buffer, this.base, this.size >> 2);
  }
}
