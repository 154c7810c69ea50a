/**
 * The page that guest and hypervisor share, and the vCPU's part of it, which the guest may move.
 * Until the guest places the page it lives in a buffer here; its content goes along.
 *
 * Guest and hypervisor run on one thread: plain reads and writes are atomic to each other.
 */
import { SharedInfo, VcpuInfo, VcpuTimeInfo, PvclockFlag } from './abi/index.ts';
import type { GuestMemory } from './engine/guest-memory.ts';
import { PAGE_SIZE } from './engine/page.ts';
import type { RegisteredArea } from './registered-area.ts';
import { checkArea } from './registered-area.ts';

const PENDING = SharedInfo.offset.evtchnPending;
const MASK = SharedInfo.offset.evtchnMask;
const UPCALL_PENDING = VcpuInfo.offset.evtchnUpcallPending;
const PENDING_SELECTOR = VcpuInfo.offset.evtchnPendingSel;

/**
 * The TSC of the emulated CPU counts nanoseconds, so system time is the TSC:
 * ns = ((tsc << 1) * 2^31) >> 32.
 */
const TSC_TO_SYSTEM_MUL = 0x8000_0000;
const TSC_SHIFT = 1;

export interface SharedInfoState {
  /** Where the guest placed the page; null before. */
  gfn: number | null;
  /** Physical address of the registered vcpu_info; null while it is in the page. */
  vcpuInfo: number | null;
  /** Physical pieces of the registered secondary time area. */
  timeArea: RegisteredArea;
  /** The page's content while it has no place, base64. */
  unplaced: string | null;
}

export class SharedInfoPage {
  private readonly memory: GuestMemory;
  private readonly own = new DataView(new ArrayBuffer(PAGE_SIZE));
  private gfn: number | null = null;
  private vcpuInfo: number | null = null;
  private timeArea: RegisteredArea = [];

  constructor(memory: GuestMemory) {
    this.memory = memory;
    this.writeTime(this.own, VcpuInfo.offset.time);
  }

  /** Puts the page at a frame of the guest's memory; what it held is carried over. */
  place(gfn: number): void {
    const content =
      this.gfn === null ? new Uint8Array(this.own.buffer) : this.memory.page(this.gfn).slice();
    this.memory.write(gfn * PAGE_SIZE, content);
    this.gfn = gfn;
  }

  get placedAt(): number | null {
    return this.gfn;
  }

  get vcpuInfoRegistered(): boolean {
    return this.vcpuInfo !== null;
  }

  /** Moves the vCPU's part to a physical address, with a spurious upcall as Xen's rule has it. */
  registerVcpuInfo(physical: number): void {
    const view = this.vcpuView();
    const bytes = new Uint8Array(VcpuInfo.size);
    for (let at = 0; at < bytes.length; at++) bytes[at] = view.getUint8(this.vcpuAt + at);
    this.memory.write(physical, bytes);
    this.vcpuInfo = physical;
    this.writeTime(this.memory.view, physical + VcpuInfo.offset.time);
    this.memory.view.setUint32(physical + PENDING_SELECTOR, 0xffff_ffff, true);
    this.memory.view.setUint8(physical + UPCALL_PENDING, 1);
    this.wroteVcpu();
  }

  /** The secondary copy of the time fields; an empty list unregisters it. */
  registerTimeArea(pieces: RegisteredArea): void {
    this.timeArea = pieces;
    if (pieces.length === 0) return;
    const time = new DataView(new ArrayBuffer(VcpuTimeInfo.size));
    this.writeTime(time, 0);
    let done = 0;
    for (const piece of pieces) {
      this.memory.write(piece.physical, new Uint8Array(time.buffer, done, piece.length));
      done += piece.length;
    }
  }

  /** The wall-clock time at which system time was 0. */
  setWallClock(epochMs: number): void {
    const [view, base] = this.page();
    const version = view.getUint32(base + SharedInfo.offset.wcVersion, true);
    view.setUint32(base + SharedInfo.offset.wcVersion, version | 1, true);
    view.setUint32(base + SharedInfo.offset.wcSec, Math.floor(epochMs / 1000), true);
    view.setUint32(
      base + SharedInfo.offset.wcNsec,
      Math.floor((epochMs - Math.floor(epochMs / 1000) * 1000) * 1e6),
      true,
    );
    view.setUint32(base + SharedInfo.offset.wcVersion, ((version | 1) + 1) >>> 0, true);
    this.wrotePage();
  }

  testAndSetPending(port: number): boolean {
    return this.testAndSet(PENDING, port);
  }

  clearPending(port: number): void {
    const [view, base] = this.page();
    const at = base + PENDING + (port >> 5) * 4;
    view.setUint32(at, view.getUint32(at, true) & ~(1 << (port & 31)), true);
    this.wrotePage();
  }

  isPending(port: number): boolean {
    return this.test(PENDING, port);
  }

  isMasked(port: number): boolean {
    return this.test(MASK, port);
  }

  clearMask(port: number): void {
    const [view, base] = this.page();
    const at = base + MASK + (port >> 5) * 4;
    view.setUint32(at, view.getUint32(at, true) & ~(1 << (port & 31)), true);
    this.wrotePage();
  }

  /** Marks the port's word in the vCPU's selector; true when an upcall is due that was not. */
  select(port: number): boolean {
    const view = this.vcpuView();
    const at = this.vcpuAt;
    const selector = view.getUint32(at + PENDING_SELECTOR, true);
    const bit = 1 << (port >> 5);
    view.setUint32(at + PENDING_SELECTOR, selector | bit, true);
    this.wroteVcpu();
    if (selector & bit || view.getUint8(at + UPCALL_PENDING) !== 0) return false;
    view.setUint8(at + UPCALL_PENDING, 1);
    return true;
  }

  get upcallPending(): boolean {
    return this.vcpuView().getUint8(this.vcpuAt + UPCALL_PENDING) !== 0;
  }

  save(): SharedInfoState {
    return {
      gfn: this.gfn,
      vcpuInfo: this.vcpuInfo,
      timeArea: this.timeArea,
      unplaced: this.gfn === null ? Buffer.from(this.own.buffer).toString('base64') : null,
    };
  }

  /** Throws RangeError for places outside of the memory, or areas of another size. */
  restore(state: SharedInfoState): void {
    const places = [
      ...(state.gfn === null ? [] : [{ physical: state.gfn * PAGE_SIZE, length: PAGE_SIZE }]),
      ...(state.vcpuInfo === null ? [] : [{ physical: state.vcpuInfo, length: VcpuInfo.size }]),
    ];
    for (const { physical, length } of places) {
      if (!this.memory.contains(physical, length)) {
        throw new RangeError(`a shared area at ${physical}, outside the domain's memory`);
      }
    }
    checkArea(this.memory, state.timeArea, VcpuTimeInfo.size, 'a time area');
    this.gfn = state.gfn;
    this.vcpuInfo = state.vcpuInfo;
    this.timeArea = state.timeArea;
    if (state.unplaced === null) return;
    const content = Buffer.from(state.unplaced, 'base64').subarray(0, PAGE_SIZE);
    new Uint8Array(this.own.buffer).set(content);
  }

  private page(): [DataView, number] {
    return this.gfn === null ? [this.own, 0] : [this.memory.view, this.gfn * PAGE_SIZE];
  }

  private wrotePage(): void {
    if (this.gfn !== null) this.memory.wrote(this.gfn * PAGE_SIZE, PAGE_SIZE);
  }

  private wroteVcpu(): void {
    if (this.vcpuInfo !== null) this.memory.wrote(this.vcpuInfo, VcpuInfo.size);
    else this.wrotePage();
  }

  private vcpuView(): DataView {
    return this.vcpuInfo === null && this.gfn === null ? this.own : this.memory.view;
  }

  private get vcpuAt(): number {
    return this.vcpuInfo ?? (this.gfn ?? 0) * PAGE_SIZE;
  }

  private test(array: number, port: number): boolean {
    const [view, base] = this.page();
    return (view.getUint32(base + array + (port >> 5) * 4, true) & (1 << (port & 31))) !== 0;
  }

  private testAndSet(array: number, port: number): boolean {
    const [view, base] = this.page();
    const at = base + array + (port >> 5) * 4;
    const word = view.getUint32(at, true);
    const bit = 1 << (port & 31);
    if (word & bit) return true;
    view.setUint32(at, word | bit, true);
    this.wrotePage();
    return false;
  }

  private writeTime(view: DataView, at: number): void {
    VcpuTimeInfo.write(view, at, {
      version: 2,
      tscTimestamp: 0n,
      systemTime: 0n,
      tscToSystemMul: TSC_TO_SYSTEM_MUL,
      tscShift: TSC_SHIFT,
      flags: PvclockFlag.tscStable,
    });
  }
}
