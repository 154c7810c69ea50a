/**
 * All the firmware a domain has: from the reset vector into protected mode and to the kernel.
 *
 * A few instructions at F000:FF00, a descriptor table, and the jump that the processor finds at
 * F000:FFF0. Registers at the kernel's entry are those of the 32-bit boot protocol.
 */
import type { GuestMemory } from '../engine/guest-memory.ts';
import type { LinuxEntry } from './linux-loader.ts';

const SEGMENT_BASE = 0xf0000;
const CODE = 0xff00;
const GDT = 0xff80;
const GDT_POINTER = 0xffa8;
const RESET_VECTOR = 0xfff0;

/** Selectors that the boot protocol names: __BOOT_CS and __BOOT_DS. */
const BOOT_CS = 0x10;
const BOOT_DS = 0x18;

const dword = (value: number): number[] => [
  value & 0xff,
  (value >> 8) & 0xff,
  (value >> 16) & 0xff,
  (value >>> 24) & 0xff,
];
const word = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];

const FLAT_CODE = [0xff, 0xff, 0, 0, 0, 0x9a, 0xcf, 0];
const FLAT_DATA = [0xff, 0xff, 0, 0, 0, 0x92, 0xcf, 0];

export function installFirmware(memory: GuestMemory, kernel: LinuxEntry): void {
  const realMode = [
    0xfa, // cli
    0xfc, // cld
    ...[0x2e, 0x0f, 0x01, 0x16, ...word(GDT_POINTER)], // lgdt cs:[GDT_POINTER]
    ...[0x0f, 0x20, 0xc0], // mov eax, cr0
    ...[0x0c, 0x01], // or al, 1
    ...[0x0f, 0x22, 0xc0], // mov cr0, eax
  ];
  const farJump = [0x66, 0xea]; // jmp BOOT_CS:protectedMode
  const protectedAt = SEGMENT_BASE + CODE + realMode.length + farJump.length + 6;
  const protectedMode = [
    ...[0xb8, ...dword(BOOT_DS)], // mov eax, BOOT_DS
    ...[0x8e, 0xd8], // mov ds, ax
    ...[0x8e, 0xc0], // mov es, ax
    ...[0x8e, 0xd0], // mov ss, ax
    ...[0x31, 0xed], // xor ebp, ebp
    ...[0x31, 0xff], // xor edi, edi
    ...[0x31, 0xdb], // xor ebx, ebx
    ...[0xbe, ...dword(kernel.params)], // mov esi, params
    ...[0xb8, ...dword(kernel.entry)], // mov eax, entry
    ...[0xff, 0xe0], // jmp eax
  ];
  const code = [...realMode, ...farJump, ...dword(protectedAt), ...word(BOOT_CS), ...protectedMode];
  const gdt = [...new Array<number>(16).fill(0), ...FLAT_CODE, ...FLAT_DATA];
  const pointer = [...word(gdt.length - 1), ...dword(SEGMENT_BASE + GDT)];
  const reset = [0xea, ...word(CODE), ...word(SEGMENT_BASE >> 4)]; // jmp F000:CODE

  for (const [at, bytes] of [
    [CODE, code],
    [GDT, gdt],
    [GDT_POINTER, pointer],
    [RESET_VECTOR, reset],
  ] as const) {
    memory.write(SEGMENT_BASE + at, Uint8Array.from(bytes));
  }
}
