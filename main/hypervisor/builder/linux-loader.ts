/**
 * Puts a Linux kernel into memory for the 32-bit boot protocol (Linux Documentation/x86/boot.rst):
 * the kernel is entered in protected mode with its boot parameters in ESI, and no firmware runs.
 */
import { DomusError } from '../../../shared/errors.ts';
import type { GuestMemory } from '../engine/guest-memory.ts';
import type { E820Entry, MemoryLayout } from './memory-layout.ts';
import { e820Map } from './memory-layout.ts';

/** Offsets in the setup header, which are offsets in boot_params too. */
const Setup = {
  sectors: 0x1f1,
  bootFlag: 0x1fe,
  header: 0x202,
  version: 0x206,
  loader: 0x210,
  loadFlags: 0x211,
  initrdAddress: 0x218,
  initrdBytes: 0x21c,
  cmdlineAddress: 0x228,
  initrdHighest: 0x22c,
  cmdlineMost: 0x238,
  initBytes: 0x260,
  end: 0x290,
} as const;

const BootParams = { rsdpAddress: 0x070, e820Count: 0x1e8, e820: 0x2d0, bytes: 4096 } as const;

const BOOT_FLAG = 0xaa55;
const HDRS = 0x53726448;
/** 2.06 is the first with a stated command line length; every kernel since 2007 has more. */
const OLDEST_PROTOCOL = 0x206;
const LOADED_HIGH = 1;
const LOADER_UNASSIGNED = 0xff;

const KERNEL_ADDRESS = 0x100000;
const PARAMS_ADDRESS = 0x90000;
const CMDLINE_ADDRESS = 0x91000;
const CMDLINE_ROOM = 4096;

export interface LinuxEntry {
  /** Physical address of the kernel's 32-bit entry. */
  entry: number;
  /** Physical address of its boot parameters. */
  params: number;
}

/**
 * @throws DomusError `image.not-a-kernel`, `image.too-large` (does not fit in this memory),
 *   `image.cmdline-too-long`.
 */
export function loadLinux(
  memory: GuestMemory,
  layout: MemoryLayout,
  kernel: Uint8Array,
  initrd: Uint8Array,
  cmdline: string,
  rsdpAddress: number,
): LinuxEntry {
  const header = checkKernel(kernel);
  const setupBytes = ((kernel[Setup.sectors] || 4) + 1) * 512;
  const protectedCode = kernel.subarray(setupBytes);
  const kernelEnd =
    KERNEL_ADDRESS + Math.max(protectedCode.length, header.getUint32(Setup.initBytes, true));
  const initrdAddress = placeInitrd(layout, header, kernelEnd, initrd.length);

  const text = new TextEncoder().encode(`${cmdline}\0`);
  const most = Math.min(CMDLINE_ROOM, header.getUint32(Setup.cmdlineMost, true) + 1);
  if (text.length > most) {
    throw new DomusError(
      'image.cmdline-too-long',
      `the kernel command line has ${text.length - 1} bytes, this kernel takes ${most - 1}: shorten it`,
    );
  }

  memory.write(KERNEL_ADDRESS, protectedCode);
  memory.write(initrdAddress, initrd);
  memory.write(CMDLINE_ADDRESS, text);

  const params = new Uint8Array(BootParams.bytes);
  const view = new DataView(params.buffer);
  params.set(kernel.subarray(Setup.sectors, Setup.end), Setup.sectors);
  view.setUint8(Setup.loader, LOADER_UNASSIGNED);
  view.setUint8(Setup.loadFlags, view.getUint8(Setup.loadFlags) | LOADED_HIGH);
  view.setUint32(Setup.initrdAddress, initrdAddress, true);
  view.setUint32(Setup.initrdBytes, initrd.length, true);
  view.setUint32(Setup.cmdlineAddress, CMDLINE_ADDRESS, true);
  view.setUint32(BootParams.rsdpAddress, rsdpAddress, true);
  writeE820(view, e820Map(layout));
  memory.write(PARAMS_ADDRESS, params);
  return { entry: KERNEL_ADDRESS, params: PARAMS_ADDRESS };
}

function checkKernel(kernel: Uint8Array): DataView {
  const view = new DataView(kernel.buffer, kernel.byteOffset, kernel.byteLength);
  const isKernel =
    kernel.length > 0x1000 &&
    view.getUint16(Setup.bootFlag, true) === BOOT_FLAG &&
    view.getUint32(Setup.header, true) === HDRS &&
    view.getUint16(Setup.version, true) >= OLDEST_PROTOCOL &&
    (view.getUint8(Setup.loadFlags) & LOADED_HIGH) !== 0;
  if (!isKernel) {
    throw new DomusError(
      'image.not-a-kernel',
      'the kernel of the image is no bzImage (boot protocol 2.06 or later): use the vmlinuz file of a 32-bit x86 kernel',
    );
  }
  return view;
}

/** As high as the kernel allows, page aligned, above all the kernel needs to unpack itself. */
function placeInitrd(
  layout: MemoryLayout,
  header: DataView,
  kernelEnd: number,
  initrdBytes: number,
): number {
  const highest = Math.min(layout.highRamEnd, header.getUint32(Setup.initrdHighest, true) + 1);
  const address = Math.floor((highest - initrdBytes) / 4096) * 4096;
  if (address < kernelEnd) {
    const needMiB = Math.ceil((kernelEnd + initrdBytes) / 2 ** 20) + 1;
    throw new DomusError(
      'image.too-large',
      `kernel and initrd need ${needMiB} MiB, the domain has ${Math.floor(layout.ramBytes / 2 ** 20)} MiB: give it more maximum memory`,
      { data: { needMiB } },
    );
  }
  return address;
}

function writeE820(params: DataView, entries: readonly E820Entry[]): void {
  params.setUint8(BootParams.e820Count, entries.length);
  entries.forEach((entry, index) => {
    const at = BootParams.e820 + index * 20;
    params.setUint32(at, entry.start, true);
    params.setUint32(at + 8, entry.length, true);
    params.setUint32(at + 16, entry.type, true);
  });
}
