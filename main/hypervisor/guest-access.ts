/**
 * The one door between a pointer that a guest gave and bytes: every address is walked through the
 * guest's page tables, page by page, and checked against its memory. What is read is a copy, so the
 * guest cannot change it between check and use.
 */
import type { GuestVirtualAddress } from './abi/index.ts';
import type { FieldsOf, FieldTable, PartialFieldsOf, Struct } from './abi/struct.ts';
import type { GuestMemory } from './engine/guest-memory.ts';
import { PAGE_SIZE } from './engine/page.ts';
import { FAULT, translate } from './engine/page-walk.ts';
import type { Processor } from './engine/processor.ts';

const SCRATCH_BYTES = 4096;

export class GuestAccess {
  private readonly cpu: Processor;
  private readonly memory: GuestMemory;
  private readonly scratch = new Uint8Array(SCRATCH_BYTES);
  private readonly scratchView = new DataView(this.scratch.buffer);

  constructor(cpu: Processor, memory: GuestMemory) {
    this.cpu = cpu;
    this.memory = memory;
  }

  /** The struct at a guest address, or null where the guest may not read it (-EFAULT). */
  read<F extends FieldTable>(layout: Struct<F>, address: GuestVirtualAddress): FieldsOf<F> | null {
    const bytes = this.scratch.subarray(0, layout.size);
    return this.copyIn(address, bytes) ? layout.read(this.scratchView, 0) : null;
  }

  /** Writes the given fields of a struct; false where the guest may not write it (-EFAULT). */
  write<F extends FieldTable>(
    layout: Struct<F>,
    address: GuestVirtualAddress,
    fields: PartialFieldsOf<F>,
  ): boolean {
    const bytes = this.scratch.subarray(0, layout.size);
    if (!this.copyIn(address, bytes)) return false;
    layout.write(this.scratchView, 0, fields);
    return this.copyOut(address, bytes);
  }

  /** Fills `target` from a guest address; false, and `target` undefined, on a fault. */
  copyIn(address: number, target: Uint8Array): boolean {
    return this.eachPage(address, target.length, false, (physical, done, length) =>
      target.set(this.memory.bytes.subarray(physical, physical + length), done),
    );
  }

  /** Writes all of `source` at a guest address, or nothing of the page that faults and beyond. */
  copyOut(address: number, source: Uint8Array): boolean {
    return this.eachPage(address, source.length, true, (physical, done, length) =>
      this.memory.write(physical, source.subarray(done, done + length)),
    );
  }

  /** A u32 of a guest array, or null on a fault. */
  readU32(address: number): number | null {
    return this.copyIn(address, this.scratch.subarray(0, 4))
      ? this.scratchView.getUint32(0, true)
      : null;
  }

  writeU32(address: number, value: number): boolean {
    this.scratchView.setUint32(0, value, true);
    return this.copyOut(address, this.scratch.subarray(0, 4));
  }

  /** The physical pieces of a guest range, for what stays registered; null on a fault. */
  resolve(address: number, length: number): { physical: number; length: number }[] | null {
    const pieces: { physical: number; length: number }[] = [];
    const ok = this.eachPage(address, length, true, (physical, _done, part) =>
      pieces.push({ physical, length: part }),
    );
    return ok ? pieces : null;
  }

  private eachPage(
    address: number,
    length: number,
    forWriting: boolean,
    visit: (physical: number, done: number, length: number) => void,
  ): boolean {
    for (let done = 0; done < length;) {
      const virtual = (address + done) >>> 0;
      const part = Math.min(length - done, PAGE_SIZE - (virtual & (PAGE_SIZE - 1)));
      const physical = translate(this.cpu, this.memory, virtual, forWriting);
      if (physical === FAULT || !this.memory.contains(physical, part)) return false;
      visit(physical, done, part);
      done += part;
    }
    return true;
  }
}
