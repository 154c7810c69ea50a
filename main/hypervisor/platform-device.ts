/**
 * The Xen platform device: PCI function 5853:0001, and the unplug protocol on ports 0x10 to 0x1f
 * (Xen docs/misc/hvm-emulated-unplug). Without it a guest's PV drivers do not load.
 */
import {
  PlatformPci,
  PvDriverProduct,
  pvDriverProductName,
  UNPLUG_PROTOCOL_VERSION,
  UnplugMagic,
  UnplugMask,
  UnplugPort,
} from './abi/index.ts';
import type { Engine } from './engine/engine.ts';
import { LineCollector } from './guest-log.ts';
import type { MemoryLayout } from './builder/memory-layout.ts';

const DEVICE_SLOT = 2;
const IO_BAR = 0xc000;
const MEMORY_BAR_PREFETCHABLE = 8;

export interface PlatformDeviceState {
  flags: number;
  product: number;
  build: number;
  unplugged: number;
}

export class PlatformDevice {
  private flags = 0;
  private product = 0;
  private build = 0;
  private unplugged = 0;
  private readonly line: LineCollector;
  private readonly log: (message: string) => void;

  constructor(engine: Engine, layout: MemoryLayout, log: (message: string) => void) {
    this.log = log;
    this.line = new LineCollector((text) => log(`guest: ${text}`));
    engine.addPciFunction({
      pci_id: DEVICE_SLOT << 3,
      pci_space: configSpace(layout.bar1),
      pci_bars: [{ size: PlatformPci.ioBarBytes }, { size: PlatformPci.memoryBarBytes }],
      name: 'xen-platform',
    });
    this.decodePorts(engine);
  }

  /** Which PV drivers took the devices over: "linux, build 1"; null before. */
  get driver(): string | null {
    return this.product === 0 ? null : `${pvDriverProductName(this.product)}, build ${this.build}`;
  }

  save(): PlatformDeviceState {
    const { flags, product, build, unplugged } = this;
    return { flags, product, build, unplugged };
  }

  restore(state: PlatformDeviceState): void {
    Object.assign(this, state);
  }

  private decodePorts({ ports }: Engine): void {
    ports.onRead(UnplugPort.magic, {
      read8: () => this.flags,
      read16: () => UnplugMagic.accepted,
    });
    ports.onRead(UnplugPort.version, { read8: () => UNPLUG_PROTOCOL_VERSION });
    ports.onWrite(UnplugPort.magic, {
      write8: (value) => (this.flags = value & 0xff),
      write16: (mask) => this.unplug(mask),
      write32: (build) => (this.build = build >>> 0),
    });
    ports.onWrite(UnplugPort.version, {
      write8: (char) => this.line.put(char),
      write16: (product) => (this.product = product),
    });
  }

  /** The machine has no emulated disk or NIC to begin with; what the guest asked for is kept. */
  private unplug(mask: number): void {
    this.unplugged |= mask & (UnplugMask.allIdeDisks | UnplugMask.allNics | UnplugMask.auxIdeDisks);
    if (this.product === PvDriverProduct.linux) this.log(`PV drivers: ${this.driver}`);
  }
}

function configSpace(bar1: number): number[] {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  view.setUint16(0x00, PlatformPci.vendorId, true);
  view.setUint16(0x02, PlatformPci.deviceId, true);
  view.setUint16(0x04, 0x0003, true); // decode ports and memory
  view.setUint32(0x08, ((PlatformPci.classCode << 8) | PlatformPci.revision) >>> 0, true);
  view.setUint32(0x10, IO_BAR | 1, true);
  view.setUint32(0x14, bar1 | MEMORY_BAR_PREFETCHABLE, true);
  view.setUint16(0x2c, PlatformPci.vendorId, true);
  view.setUint16(0x2e, PlatformPci.deviceId, true);
  view.setUint8(0x3c, 10);
  view.setUint8(0x3d, PlatformPci.interruptPin);
  return [...bytes];
}
