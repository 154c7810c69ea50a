/** Lays out a new domain's memory: tables, kernel, firmware. What hvmloader and libxc are to Xen. */
import type { GuestMemory } from '../engine/guest-memory.ts';
import { acpiTables } from './acpi-tables.ts';
import { installFirmware } from './firmware.ts';
import { loadLinux } from './linux-loader.ts';
import type { MemoryLayout } from './memory-layout.ts';
import { FIRMWARE_START } from './memory-layout.ts';

export interface KernelImage {
  kernel: Uint8Array;
  initrd: Uint8Array;
  cmdline: string;
}

/** Throws the errors of {@link loadLinux}. Memory must be zero. */
export function buildDomain(memory: GuestMemory, layout: MemoryLayout, image: KernelImage): void {
  const tables = acpiTables(layout, FIRMWARE_START);
  for (const { address, bytes } of tables) memory.write(address, bytes);
  const entry = loadLinux(
    memory,
    layout,
    image.kernel,
    image.initrd,
    image.cmdline,
    FIRMWARE_START,
  );
  installFirmware(memory, entry);
}
