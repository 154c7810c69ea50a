/**
 * Guest virtual to guest physical, by the guest's own page tables, with no side effect on them or
 * on the emulator's TLB. Two-level and PAE paging, 4 KiB, 2 MiB and 4 MiB pages (SDM vol. 3A, 4.3
 * and 4.4), for supervisor accesses: hypercalls come from ring 0.
 */
import { Cr0, Cr4 } from './cpu-layout.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Processor } from './processor.ts';

const PRESENT = 1;
const WRITABLE = 2;
const LARGE = 0x80;

/** No translation, or none that allows the access. */
export const FAULT = -1;

/** The physical address of `virtual` (unsigned), or FAULT. */
export function translate(
  cpu: Processor,
  memory: GuestMemory,
  virtual: number,
  forWriting: boolean,
): number {
  const cr0 = cpu.control(0);
  if ((cr0 & Cr0.paging) === 0) return virtual;
  const mustBeWritable = forWriting && (cr0 & Cr0.writeProtect) !== 0;
  const cr4 = cpu.control(4);
  if (cr4 & Cr4.physicalAddressExtension) return walkPae(cpu, memory, virtual, mustBeWritable);
  return walkTwoLevel(cpu, memory, virtual, mustBeWritable, (cr4 & Cr4.pageSizeExtension) !== 0);
}

function entry(memory: GuestMemory, address: number): number {
  return memory.contains(address, 4) ? memory.view.getUint32(address, true) : 0;
}

function allows(tableEntry: number, mustBeWritable: boolean): boolean {
  const needed = mustBeWritable ? PRESENT | WRITABLE : PRESENT;
  return (tableEntry & needed) === needed;
}

function walkPae(cpu: Processor, memory: GuestMemory, virtual: number, write: boolean): number {
  const pointer = cpu.pageDirectoryPointer(virtual >>> 30);
  if (!(pointer & PRESENT)) return FAULT;
  const directory = entry(memory, ((pointer & ~0xfff) >>> 0) + ((virtual >>> 21) & 0x1ff) * 8);
  if (!allows(directory, write)) return FAULT;
  if (directory & LARGE) return ((directory & 0xffe00000) >>> 0) + (virtual & 0x1fffff);
  const table = entry(memory, ((directory & ~0xfff) >>> 0) + ((virtual >>> 12) & 0x1ff) * 8);
  if (!allows(table, write)) return FAULT;
  return ((table & ~0xfff) >>> 0) + (virtual & 0xfff);
}

function walkTwoLevel(
  cpu: Processor,
  memory: GuestMemory,
  virtual: number,
  write: boolean,
  largePages: boolean,
): number {
  const directory = entry(memory, ((cpu.control(3) & ~0xfff) >>> 0) + (virtual >>> 22) * 4);
  if (!allows(directory, write)) return FAULT;
  if (largePages && directory & LARGE) {
    return ((directory & 0xffc00000) >>> 0) + (virtual & 0x3fffff);
  }
  const table = entry(memory, ((directory & ~0xfff) >>> 0) + ((virtual >>> 12) & 0x3ff) * 4);
  if (!allows(table, write)) return FAULT;
  return ((table & ~0xfff) >>> 0) + (virtual & 0xfff);
}
