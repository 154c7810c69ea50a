/**
 * Which pages of a guest's memory were written, by anybody, since the last look: Xen's log-dirty
 * mode. The emulator's instrumented code marks what the guest and the page walk write
 * (`instrument.ts`), `wrote` what comes from outside: back ends, devices, the hypervisor.
 *
 * Off, it costs one comparison for each TLB miss. On, the first write to a page after each look is a
 * TLB miss.
 */
import { PAGE_SHIFT } from './page.ts';

/** What this class needs of the emulator. */
export interface LoggingEmulator {
  readonly memory: WebAssembly.Memory;
  readonly dirty_map: { value: number };
  readonly dirty_by_linear_page: { value: number };
  /** Each page's next write walks the page tables. */
  full_clear_tlb(): void;
  v86_malloc(bytes: number): number;
}

export class DirtyLog {
  private readonly emulator: LoggingEmulator;
  private readonly base: number;
  private readonly pages: number;
  /** One byte a page, in the linear memory, which may grow; empty when nothing is logged. */
  private map = new Uint8Array(0);
  /** Of a map that it has or had, for the next time: in the linear memory; else 0. */
  address = 0;

  /** @param base of the physical memory in the linear memory @param bytes of physical memory */
  constructor(emulator: LoggingEmulator, base: number, bytes: number) {
    this.emulator = emulator;
    this.base = base;
    this.pages = bytes >>> PAGE_SHIFT;
  }

  get isOn(): boolean {
    return this.emulator.dirty_map.value !== 0;
  }

  /** Between slices. Nothing counts as written yet. */
  start(): void {
    if (this.isOn) return;
    const map = (this.address ||= this.emulator.v86_malloc(this.pages));
    this.emulator.dirty_map.value = map;
    this.emulator.dirty_by_linear_page.value = map - (this.base >>> PAGE_SHIFT);
    this.look().fill(0);
    this.emulator.full_clear_tlb();
  }

  /**
   * Between slices: the numbers of the pages written since `start` or the last call, ascending, are
   * put into `into`; returns how many. From now on they count as not written.
   *
   * @param into as long as there are pages
   */
  take(into: Uint32Array): number {
    const map = this.look();
    let count = 0;
    for (let page = map.indexOf(1); page >= 0; page = map.indexOf(1, page + 1))
      into[count++] = page;
    map.fill(0);
    this.emulator.full_clear_tlb();
    return count;
  }

  stop(): void {
    if (!this.isOn) return;
    this.emulator.dirty_map.value = 0;
    this.map = new Uint8Array(0);
  }

  /** Physical memory from `start` up to and not including `end` was written from outside. */
  wrote(start: number, end: number): void {
    if (!this.isOn) return;
    this.look().fill(1, start >>> PAGE_SHIFT, ((end - 1) >>> PAGE_SHIFT) + 1);
  }

  private look(): Uint8Array {
    if (this.map.length === 0) {
      const { memory, dirty_map } = this.emulator;
      this.map = new Uint8Array(memory.buffer, dirty_map.value, this.pages);
    }
    return this.map;
  }
}
