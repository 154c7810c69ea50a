/**
 * Where this build of the emulator keeps the processor's state in its linear memory. The addresses
 * are fixed by its source (`global_pointers.rs`), and `Engine` checks a few of them at start.
 */
export const CpuAddress = {
  /** EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI: i32 each. */
  registers: 64,
  flags: 120,
  /** i32: linear address of the next instruction, and of the current one. */
  instructionPointer: 556,
  previousInstructionPointer: 560,
  idtLimit: 564,
  /** u32: linear address of the interrupt descriptor table. */
  idtBase: 568,
  /** CR0..CR7, i32 each. */
  controlRegisters: 580,
  /** u8: current privilege level. */
  privilegeLevel: 612,
  /** u8: halted until an interrupt. */
  halted: 616,
  /** u32: instructions executed since the start, modulo 2^32. */
  instructionCounter: 664,
  memorySize: 812,
  /** Four u64 page-directory pointers, loaded with CR3 in PAE mode. */
  pageDirectoryPointers: 968,
} as const;

/** The whole of the above and everything between: what a saved processor is. */
export const CPU_STATE_START = 64;
export const CPU_STATE_END = 1280;

/** Sizes of the interrupt controllers' blocks, bytes. */
export const APIC_BYTES = 46 * 4;
export const IOAPIC_BYTES = 52 * 4;
export const PIC_BYTES = 13;

/** Words of the local APIC's block at which its 256-bit request and in-service registers start. */
export const APIC_IRR_WORD = 16;
export const APIC_ISR_WORD = 24;

export const Cr0 = { protection: 1 << 0, writeProtect: 1 << 16, paging: 1 << 31 } as const;
export const Cr4 = { pageSizeExtension: 1 << 4, physicalAddressExtension: 1 << 5 } as const;
export const FLAG_INTERRUPT = 1 << 9;
export const FLAG_VM = 1 << 17;
