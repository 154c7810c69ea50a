/** Xen public/memory.h: memory_op. EBX is the command, ECX the argument's address. */
import { namesOf, type ConstantOf } from './constants.ts';
import { domid, gfn, guestHandle, u16, u32, u64 } from './field-types.ts';
import { struct, union, type StructValue } from './struct.ts';

/** `XENMEM_*`, without what only tools may ask. */
export const MemoryOp = {
  increaseReservation: 0,
  decreaseReservation: 1,
  maximumRamPage: 2,
  currentReservation: 3,
  maximumReservation: 4,
  machphysMfnList: 5,
  populatePhysmap: 6,
  addToPhysmap: 7,
  memoryMap: 9,
  machineMemoryMap: 10,
  exchange: 11,
  machphysMapping: 12,
  setMemoryMap: 13,
  maximumGpfn: 14,
  removeFromPhysmap: 15,
  setPodTarget: 16,
  getPodTarget: 17,
  addToPhysmapBatch: 23,
  machphysCompatMfnList: 25,
  getVnumainfo: 26,
  acquireResource: 28,
} as const;
export type MemoryOp = ConstantOf<typeof MemoryOp>;
export const memoryOpName = namesOf(MemoryOp);

/** Bits of EBX that are the command; those above count the extents that a continuation has done. */
export const MEMORY_OP_COMMAND_BITS = 6;

/** `XENMAPSPACE_*`: what add_to_physmap maps. */
export const MapSpace = {
  sharedInfo: 0,
  grantTable: 1,
  gmfn: 2,
  gmfnRange: 3,
  gmfnForeign: 4,
  devMmio: 5,
} as const;
export type MapSpace = ConstantOf<typeof MapSpace>;
export const mapSpaceName = namesOf(MapSpace);

/** Set in `idx` of space grantTable: a frame of the status array, which version 1 does not have. */
export const MAPIDX_GRANT_TABLE_STATUS = 0x80000000;

/** `XENMEMF_*`: bits of `memFlags`, above the address width (bits 0-7) and the node (8-15). */
export const MemoryFlag = {
  populateOnDemand: 1 << 16,
  exactNodeRequest: 1 << 17,
  vnode: 1 << 18,
} as const;

/** increase_reservation, decrease_reservation, populate_physmap; the result counts extents. */
export const MemoryReservation = struct('xen_memory_reservation', 20, {
  extentStart: [0, guestHandle], // in or out: u32 gfns
  nrExtents: [4, u32], // in
  extentOrder: [8, u32], // in: log2 of pages an extent
  memFlags: [12, u32], // in
  domid: [16, domid], // in
});
export type MemoryReservation = StructValue<typeof MemoryReservation>;

export const MemoryExchange = struct('xen_memory_exchange', 44, {
  in: [0, MemoryReservation],
  out: [20, MemoryReservation],
  nrExchanged: [40, u32], // in: 0; out
});

/** current_reservation, maximum_reservation, maximum_gpfn. */
export const MemoryDomain = struct('xen_memory_domain', 2, {
  domid: [0, domid], // in
});

export const MachphysMapping = struct('xen_machphys_mapping', 12, {
  vStart: [0, u32], // out
  vEnd: [4, u32], // out
  maxMfn: [8, u32], // out
});

export const AddToPhysmap = struct('xen_add_to_physmap', 16, {
  domid: [0, domid], // in
  size: [2, u16], // in: pages, of space gmfnRange only
  space: [4, u32], // in: MapSpace
  idx: [8, u32], // in: which page of the space
  gpfn: [12, gfn], // in: where
});
export type AddToPhysmap = StructValue<typeof AddToPhysmap>;

export const AddToPhysmapBatch = struct('xen_add_to_physmap_batch', 20, {
  domid: [0, domid], // in
  space: [2, u16], // in: MapSpace
  size: [4, u16], // in: pages
  u: [6, union('xen_add_to_physmap_batch_extra', 2, { foreignDomid: domid, res0: u16 })], // in
  idxs: [8, guestHandle], // in: u32 each
  gpfns: [12, guestHandle], // in: u32 each
  errs: [16, guestHandle], // out: i32 each
});

export const RemoveFromPhysmap = struct('xen_remove_from_physmap', 8, {
  domid: [0, domid], // in
  gpfn: [4, gfn], // in
});

export const MemoryMap = struct('xen_memory_map', 8, {
  nrEntries: [0, u32], // in: room; out: entries
  buffer: [4, guestHandle], // out: E820 entries of 20 bytes
});

export const AcquireResource = struct('xen_mem_acquire_resource', 28, {
  domid: [0, domid], // in
  type: [2, u16], // in
  id: [4, u32], // in
  nrFrames: [8, u32], // in; out
  pad: [12, u32],
  frame: [16, u64], // in
  frameList: [24, guestHandle], // in or out: u32 gfns
});
