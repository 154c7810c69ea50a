/**
 * The grant table of a domain, version 1: its frames lie in the platform device's BAR1, which the
 * emulator backs as ordinary memory, so the guest writes entries at full speed and a back end reads
 * them in place.
 */
import { Errno, GrantEntryV1, GrantFlag, GrantStatus, ReservedGrant } from './abi/index.ts';
import type { MemoryLayout } from './builder/memory-layout.ts';
import { MAX_GRANT_FRAMES } from './builder/memory-layout.ts';
import type { GuestMemory } from './engine/guest-memory.ts';
import { PAGE_SIZE } from './engine/page.ts';

const ENTRIES_A_FRAME = PAGE_SIZE / GrantEntryV1.size;

/** Physical address of each frame, by index; null where the guest has not placed it. */
export type GrantFramesState = (number | null)[];

export interface GrantedFrame {
  gfn: number;
  readOnly: boolean;
}

/** A frame that domain 0 has mapped: the guest cannot take the grant back until it is unmapped. */
export interface GrantMapping {
  readonly ref: number;
  readonly gfn: number;
  readonly writable: boolean;
}

export class GrantFrames {
  private readonly memory: GuestMemory;
  private readonly layout: MemoryLayout;
  private readonly frames: (number | null)[] = new Array<null>(MAX_GRANT_FRAMES).fill(null);
  private readonly isPopulated: (gfn: number) => boolean;
  /** Of each mapped reference: mappings, and how many of them may write. */
  private readonly mapped = new Map<number, { all: number; writable: number }>();

  constructor(memory: GuestMemory, layout: MemoryLayout, isPopulated: (gfn: number) => boolean) {
    this.memory = memory;
    this.layout = layout;
    this.isPopulated = isPopulated;
  }

  /** Frames that the guest can use: up to the highest it has placed. */
  get count(): number {
    return this.frames.findLastIndex((frame) => frame !== null) + 1;
  }

  /** XENMEM_add_to_physmap, space grant table; what a frame held goes along to its new place. */
  place(index: number, gpfn: number): number {
    if (index >= MAX_GRANT_FRAMES) return -Errno.EINVAL;
    const address = gpfn * PAGE_SIZE;
    const first = this.layout.bar1;
    if (address < first || address >= first + MAX_GRANT_FRAMES * PAGE_SIZE) return -Errno.EINVAL;
    const before = this.frames[index] ?? null;
    if (before === null) this.memory.fill(address, PAGE_SIZE, 0);
    else if (before !== address)
      this.memory.write(address, this.memory.page(before / PAGE_SIZE).slice());
    this.frames[index] = address;
    if (index === 0 && before === null) this.seed();
    return 0;
  }

  /** Looks a reference up for domain 0: the frame it grants, or a GNTST_* status. */
  lookup(ref: number, domain: number): GrantedFrame | GrantStatus {
    const at = this.entryAddress(ref);
    if (at === null) return GrantStatus.badGntref;
    const entry = GrantEntryV1.read(this.memory.view, at);
    if ((entry.flags & GrantFlag.typeMask) !== GrantFlag.permitAccess) return GrantStatus.badGntref;
    if (entry.domid !== domain) return GrantStatus.permissionDenied;
    if (!this.isPopulated(entry.frame)) return GrantStatus.badPage;
    return { gfn: entry.frame, readOnly: (entry.flags & GrantFlag.readonly) !== 0 };
  }

  /**
   * Maps a reference for domain 0, or says why not (GNTST_*). While it is mapped the entry says so
   * (GTF_reading, GTF_writing), by which Linux knows that it must not end the grant.
   */
  map(ref: number, domain: number, writable: boolean): GrantMapping | GrantStatus {
    const granted = this.lookup(ref, domain);
    if (typeof granted === 'number') return granted;
    if (writable && granted.readOnly) return GrantStatus.permissionDenied;
    const count = this.mapped.get(ref) ?? { all: 0, writable: 0 };
    count.all++;
    if (writable) count.writable++;
    this.mapped.set(ref, count);
    this.mark(ref, count);
    return { ref, gfn: granted.gfn, writable };
  }

  /** Once for each mapping, and before the guest is told that its frame is its own again. */
  unmap({ ref, writable }: GrantMapping): void {
    const count = this.mapped.get(ref);
    if (!count) return;
    count.all--;
    if (writable) count.writable--;
    this.mark(ref, count);
    if (count.all === 0) this.mapped.delete(ref);
  }

  /** Exchanges what two references grant; neither may be mapped. A GNTST_* status. */
  swap(refA: number, refB: number): GrantStatus {
    const [a, b] = [this.entryAddress(refA), this.entryAddress(refB)];
    if (a === null || b === null) return GrantStatus.badGntref;
    if (refA === refB) return GrantStatus.okay;
    if (this.mapped.has(refA) || this.mapped.has(refB)) return GrantStatus.eagain;
    const entry = (at: number): Uint8Array => this.memory.bytes.slice(at, at + GrantEntryV1.size);
    const [ofA, ofB] = [entry(a), entry(b)];
    this.memory.write(a, ofB);
    this.memory.write(b, ofA);
    return GrantStatus.okay;
  }

  private mark(ref: number, { all, writable }: { all: number; writable: number }): void {
    const at = this.entryAddress(ref);
    if (at === null) return;
    const flags = this.memory.view.getUint16(at, true) & ~(GrantFlag.reading | GrantFlag.writing);
    const marks = (all > 0 ? GrantFlag.reading : 0) | (writable > 0 ? GrantFlag.writing : 0);
    this.memory.view.setUint16(at, flags | marks, true);
  }

  /** Entries that permit access now. */
  inUse(): number {
    let used = 0;
    for (let ref = 0; ref < this.count * ENTRIES_A_FRAME; ref++) {
      const at = this.entryAddress(ref);
      if (at !== null && this.memory.view.getUint16(at, true) & GrantFlag.typeMask) used++;
    }
    return used;
  }

  save(): GrantFramesState {
    return [...this.frames];
  }

  restore(state: GrantFramesState): void {
    const end = this.layout.bar1 + MAX_GRANT_FRAMES * PAGE_SIZE;
    state.slice(0, MAX_GRANT_FRAMES).forEach((address, index) => {
      const isFrame = address === null || (address >= this.layout.bar1 && address < end);
      if (!isFrame || (address ?? 0) % PAGE_SIZE !== 0) {
        throw new RangeError(`a grant frame at ${address}: no frame of the platform device`);
      }
      this.frames[index] = address;
    });
  }

  private entryAddress(ref: number): number | null {
    const frame = this.frames[Math.floor(ref / ENTRIES_A_FRAME)];
    return typeof frame === 'number' ? frame + (ref % ENTRIES_A_FRAME) * GrantEntryV1.size : null;
  }

  /** The two entries a domain builder makes: console and xenstore, granted to domain 0. */
  private seed(): void {
    for (const [ref, gfn] of [
      [ReservedGrant.console, this.layout.consoleGfn],
      [ReservedGrant.xenstore, this.layout.xenstoreGfn],
    ] as const) {
      const at = this.entryAddress(ref)!;
      this.memory.view.setUint16(at, GrantFlag.permitAccess, true);
      this.memory.view.setUint16(at + GrantEntryV1.offset.domid, 0, true);
      this.memory.view.setUint32(at + GrantEntryV1.offset.frame, gfn, true);
    }
  }
}
