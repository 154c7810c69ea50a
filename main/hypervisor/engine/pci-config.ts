/** The emulator's PCI bus fails on a byte or word written to a function that is not there. */
import type { V86Cpu } from './v86-internals.ts';

type Write = (address: number, value: number) => void;

/** Lets configuration writes to absent functions go nowhere, as on the bus of a real machine. */
export function ignoreAbsentFunctions({ devices: { pci } }: V86Cpu): void {
  const present =
    (write: Write): Write =>
    (address, value) => {
      if (pci.device_spaces[(address >> 8) & 0xffff]) write.call(pci, address, value);
    };
  pci.pci_write8 = present(pci.pci_write8);
  pci.pci_write16 = present(pci.pci_write16);
  pci.pci_write32 = present(pci.pci_write32);
}
