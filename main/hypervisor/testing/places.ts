/** Where a tiny guest keeps things: physical addresses, and virtual ones of its window. */
export const Place = {
  /** Code, descriptor tables and interrupt stubs. */
  code: 0x100000,
  codeEnd: 0x110000,
  /** Page tables: see `page-tables.ts`. */
  tables: 0x110000,
  tablesEnd: 0x11a000,
  /** A page of variables; offsets are in `Variable`. */
  variables: 0x120000,
  stackTop: 0x124000,
  userStackTop: 0x126000,
  taskState: 0x127000,
  /** For arguments of hypercalls: 64 KiB. */
  arguments: 0x130000,
  /** Frames behind the window's pages; not next to each other. */
  windowFrames: [0x140000, 0x160000],
  /** First frame of what a test may use as it likes, up to the end of the memory. */
  free: 0x200000,
} as const;

/** Addresses of a tiny guest's variables: u32 each. */
export const Variable = {
  /** Last exception: vector + 1 (0: none), error code, instruction pointer. */
  fault: Place.variables,
  faultError: Place.variables + 4,
  faultAddress: Place.variables + 8,
  /** Interrupts taken, and the last one's vector. */
  interrupts: Place.variables + 12,
  lastInterrupt: Place.variables + 16,
  /** Non-zero: the interrupt handler acknowledges at the local APIC. */
  acknowledge: Place.variables + 20,
  /** Non-zero: address of a byte that the interrupt handler clears (evtchn_upcall_pending). */
  clears: Place.variables + 24,
  /** Free for the guest's own code: 16 words. */
  results: Place.variables + 64,
  /** The mailbox of `caller.ts`. */
  mailbox: Place.variables + 128,
} as const;

/**
 * With paging on, virtual pages from here on: two that are next to each other with frames that are
 * not, one that is absent, one that is read-only (the first frame again), one beyond all memory.
 */
export const Window = {
  start: 0x40000000,
  joined: 0x40000000,
  absent: 0x40002000,
  readOnly: 0x40003000,
  beyond: 0x40004000,
} as const;

/** A frame that no domain of the tests has memory for. */
export const BEYOND_FRAME = 0x3000_0000;
