/**
 * The Xen platform PCI device and its fixed ports (Xen docs/misc/hvm-emulated-unplug, QEMU's
 * xen_platform; product numbers from public/hvm/pvdrivers.h).
 */
import { namesOf, type ConstantOf } from './constants.ts';

export const PlatformPci = {
  vendorId: 0x5853,
  deviceId: 0x0001,
  revision: 1,
  /** Base class 0xFF, sub-class 0x80, interface 0. */
  classCode: 0xff8000,
  /** 1 is INTA. */
  interruptPin: 1,
  /** BAR 0: ports. */
  ioBarBytes: 0x100,
  /** BAR 1: 32-bit prefetchable memory, in which the guest maps its grant table. */
  memoryBarBytes: 0x1000000,
} as const;

/** Registers inside BAR 0. */
export const PlatformIoRegister = { flags: 0, log: 8 } as const;

/** Fixed ports: 16 from 0x10. What each does depends on the width of the access. */
export const UnplugPort = {
  base: 0x10,
  count: 16,
  /** Read 16: magic. Write 16: UnplugMask. Write 32: driver's build. Read or write 8: flags. */
  magic: 0x10,
  /** Read 8: protocol version. Write 16: product. Write 8: a log character. */
  version: 0x12,
} as const;

export const UnplugMagic = { accepted: 0x49d2, blacklisted: 0xd249 } as const;
export const UNPLUG_PROTOCOL_VERSION = 1;

/** Bits of a 16-bit write to the magic port: which emulated devices go away. CD drives never do. */
export const UnplugMask = {
  allIdeDisks: 1 << 0,
  allNics: 1 << 1,
  auxIdeDisks: 1 << 2,
  nvmeDisks: 1 << 3,
} as const;

/** Bit of the flags byte: the guest cannot write the ROM area. */
export const PLATFORM_FLAG_ROM_LOCKED = 1;

/** Which PV drivers announce themselves; keys are the registry's names. */
export const PvDriverProduct = {
  'xensource-windows': 1,
  'gplpv-windows': 2,
  linux: 3,
  'xenserver-windows-v7.0+': 4,
  'xenserver-windows-v7.2+': 5,
  experimental: 0xffff,
} as const;
export type PvDriverProduct = ConstantOf<typeof PvDriverProduct>;
export const pvDriverProductName = namesOf(PvDriverProduct, (name) => name);
