/**
 * Where everything lies in a domain's physical memory.
 *
 *     0          640 KiB     1 MiB                       ram - 64 KiB   ram        BAR1
 *     | RAM      | firmware  | RAM                       | special      | hole     | grant frames
 *
 * The special pages (xenstore ring, console ring, generation id) are the top 64 KiB of the memory,
 * reserved in the E820 map: 64 KiB and the 384 KiB below 1 MiB are all that the guest cannot use.
 *
 * The platform device's BAR1 lies right above, and its first pages, where the guest maps its grant
 * frames, are backed by the emulator as ordinary memory: grants cost the guest no more than RAM
 * (`docs/adr/0002-memory-layout.md`).
 */
const KIB = 1024;
const MIB = 1024 * KIB;
const PAGE = 4096;

/** Most grant frames of a domain: Xen's default. */
export const MAX_GRANT_FRAMES = 64;

const SPECIAL_BYTES = 64 * KIB;
/** BAR1 is naturally aligned to its size. */
const BAR1_BYTES = 16 * MIB;
/** The emulator allocates memory in such blocks. */
const ENGINE_BLOCK = 128 * KIB;

export const LOW_RAM_END = 0x9f000;
export const FIRMWARE_START = 0xe0000;
export const HIGH_RAM_START = MIB;

export interface MemoryLayout {
  /** All of the domain's memory, special pages included, bytes. */
  ramBytes: number;
  /** End of the RAM above 1 MiB that the guest may use. */
  highRamEnd: number;
  consoleGfn: number;
  xenstoreGfn: number;
  /** 16 bytes at the start of this page. */
  generationIdGfn: number;
  /** Physical address of the platform device's BAR1. */
  bar1: number;
  bar1Bytes: number;
  /** Its first bytes, which hold the grant frames. */
  grantBytes: number;
  /** What the emulator must back. */
  engineBytes: number;
}

export function memoryLayout(memoryKiB: number): MemoryLayout {
  const ramBytes = memoryKiB * KIB;
  const topGfn = ramBytes / PAGE - 1;
  const bar1 = Math.ceil(ramBytes / BAR1_BYTES) * BAR1_BYTES;
  const grantBytes = MAX_GRANT_FRAMES * PAGE;
  return {
    ramBytes,
    highRamEnd: ramBytes - SPECIAL_BYTES,
    consoleGfn: topGfn,
    xenstoreGfn: topGfn - 1,
    generationIdGfn: topGfn - 2,
    bar1,
    bar1Bytes: BAR1_BYTES,
    grantBytes,
    engineBytes: Math.ceil((bar1 + grantBytes) / ENGINE_BLOCK) * ENGINE_BLOCK,
  };
}

export const E820 = { ram: 1, reserved: 2 } as const;

export interface E820Entry {
  start: number;
  length: number;
  type: (typeof E820)[keyof typeof E820];
}

/** The map the kernel is given; usable ranges add up to the memory less 448 KiB. */
export function e820Map(layout: MemoryLayout): E820Entry[] {
  return [
    { start: 0, length: LOW_RAM_END, type: E820.ram },
    { start: LOW_RAM_END, length: HIGH_RAM_START - LOW_RAM_END, type: E820.reserved },
    { start: HIGH_RAM_START, length: layout.highRamEnd - HIGH_RAM_START, type: E820.ram },
    { start: layout.highRamEnd, length: SPECIAL_BYTES, type: E820.reserved },
  ];
}
