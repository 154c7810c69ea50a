/** Xen public/physdev.h: physdev_op. EBX is the command, ECX the argument's address. */
import { namesOf, type ConstantOf } from './constants.ts';
import { domid, i32, u32, u64, u8 } from './field-types.ts';
import { struct } from './struct.ts';

/** `PHYSDEVOP_*`. */
export const PhysdevOp = {
  irqStatusQuery: 5,
  setIopl: 6,
  setIobitmap: 7,
  apicRead: 8,
  apicWrite: 9,
  allocIrqVector: 10,
  freeIrqVector: 11,
  eoi: 12,
  mapPirq: 13,
  unmapPirq: 14,
  managePciAdd: 15,
  managePciRemove: 16,
  pirqEoiGmfnV1: 17,
  restoreMsi: 19,
  managePciAddExt: 20,
  setupGsi: 21,
  getFreePirq: 23,
  pciMmcfgReserved: 24,
  pciDeviceAdd: 25,
  pciDeviceRemove: 26,
  restoreMsiExt: 27,
  pirqEoiGmfnV2: 28,
  dbgpOp: 29,
  prepareMsix: 30,
  releaseMsix: 31,
} as const;
export type PhysdevOp = ConstantOf<typeof PhysdevOp>;
export const physdevOpName = namesOf(PhysdevOp);

export const PhysdevEoi = struct('physdev_eoi', 4, {
  irq: [0, u32], // in
});

export const PhysdevIrqStatusQuery = struct('physdev_irq_status_query', 8, {
  irq: [0, u32], // in
  flags: [4, u32], // out
});

export const PhysdevMapPirq = struct('physdev_map_pirq', 36, {
  domid: [0, domid], // in
  type: [4, i32], // in
  index: [8, i32], // in or out
  pirq: [12, i32], // in or out
  bus: [16, i32], // in
  devfn: [20, i32], // in
  entryNr: [24, i32], // in
  tableBase: [28, u64], // in
});

export const PhysdevUnmapPirq = struct('physdev_unmap_pirq', 8, {
  domid: [0, domid], // in
  pirq: [4, i32], // in
});

export const PhysdevSetupGsi = struct('physdev_setup_gsi', 8, {
  gsi: [0, i32], // in
  triggering: [4, u8], // in: 0 edge, 1 level
  polarity: [5, u8], // in: 0 high, 1 low
});

export const PhysdevGetFreePirq = struct('physdev_get_free_pirq', 8, {
  type: [0, i32], // in
  pirq: [4, u32], // out
});
