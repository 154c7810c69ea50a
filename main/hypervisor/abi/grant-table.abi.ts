/**
 * Xen public/grant_table.h: the table, version 1, and grant_table_op. EBX is the command, ECX the
 * address of an array of arguments, EDX their number; each argument has its own status.
 */
import { namesOf, type ConstantOf } from './constants.ts';
import { domid, gfn, gref, guestHandle, i16, u16, u32, u64 } from './field-types.ts';
import { struct, union, type StructValue } from './struct.ts';

/** `GNTTABOP_*`. */
export const GrantTableOp = {
  mapGrantRef: 0,
  unmapGrantRef: 1,
  setupTable: 2,
  dumpTable: 3,
  transfer: 4,
  copy: 5,
  querySize: 6,
  unmapAndReplace: 7,
  setVersion: 8,
  getStatusFrames: 9,
  getVersion: 10,
  swapGrantRef: 11,
  cacheFlush: 12,
} as const;
export type GrantTableOp = ConstantOf<typeof GrantTableOp>;
export const grantTableOpName = namesOf(GrantTableOp);

/** `GNTST_*`: status of one argument. */
export const GrantStatus = {
  okay: 0,
  generalError: -1,
  badDomain: -2,
  badGntref: -3,
  badHandle: -4,
  badVirtAddr: -5,
  badDevAddr: -6,
  noDeviceSpace: -7,
  permissionDenied: -8,
  badPage: -9,
  badCopyArg: -10,
  addressTooBig: -11,
  eagain: -12,
  noSpace: -13,
} as const;
export type GrantStatus = ConstantOf<typeof GrantStatus>;
export const grantStatusName = namesOf(GrantStatus);

/** `GTF_*`: an entry's flags. The low two bits are a type, the others single bits. */
export const GrantFlag = {
  invalid: 0,
  permitAccess: 1,
  acceptTransfer: 2,
  transitive: 3,
  typeMask: 3,
  /** The granting domain's choice. */
  readonly: 1 << 2,
  /** Set by the hypervisor while the frame is mapped. */
  reading: 1 << 3,
  /** Set by the hypervisor while the frame is mapped for writing. */
  writing: 1 << 4,
  pwt: 1 << 5,
  pcd: 1 << 6,
  pat: 1 << 7,
  subPage: 1 << 8,
  /** Of type acceptTransfer. */
  transferCommitted: 1 << 2,
  /** Of type acceptTransfer. */
  transferCompleted: 1 << 3,
} as const;

/** `GNTMAP_*`: how map_grant_ref maps. */
export const GrantMapFlag = {
  deviceMap: 1 << 0,
  hostMap: 1 << 1,
  readonly: 1 << 2,
  applicationMap: 1 << 3,
  containsPte: 1 << 4,
} as const;

/** `GNTCOPY_*`: which ends of copy are grant references. */
export const GrantCopyFlag = { sourceGref: 1 << 0, destGref: 1 << 1 } as const;

/** Entries that the toolstack fills before the guest runs. */
export const ReservedGrant = { console: 0, xenstore: 1 } as const;
export const NR_RESERVED_GRANTS = 8;

/** Version 1's entry: 512 a page. The guest writes `flags` last, and withdraws by exchanging it. */
export const GrantEntryV1 = struct('grant_entry_v1', 8, {
  flags: [0, u16],
  domid: [2, domid],
  frame: [4, gfn],
});
export type GrantEntryV1 = StructValue<typeof GrantEntryV1>;

export const GnttabMapGrantRef = struct('gnttab_map_grant_ref', 32, {
  hostAddr: [0, u64], // in
  flags: [8, u32], // in: GrantMapFlag
  ref: [12, gref], // in
  dom: [16, domid], // in
  status: [18, i16], // out
  handle: [20, u32], // out
  devBusAddr: [24, u64], // out
});

export const GnttabUnmapGrantRef = struct('gnttab_unmap_grant_ref', 24, {
  hostAddr: [0, u64], // in
  devBusAddr: [8, u64], // in
  handle: [16, u32], // in
  status: [20, i16], // out
});

export const GnttabSetupTable = struct('gnttab_setup_table', 16, {
  dom: [0, domid], // in
  nrFrames: [4, u32], // in
  status: [8, i16], // out
  frameList: [12, guestHandle], // out: u32 gfns
});

export const GnttabDumpTable = struct('gnttab_dump_table', 4, {
  dom: [0, domid], // in
  status: [2, i16], // out
});

export const GnttabTransfer = struct('gnttab_transfer', 16, {
  mfn: [0, gfn], // in
  domid: [4, domid], // in
  ref: [8, gref], // in
  status: [12, i16], // out
});

export const GnttabCopyPtr = struct('gnttab_copy_ptr', 8, {
  u: [0, union('gnttab_copy_ptr.u', 4, { ref: gref, gmfn: gfn })],
  domid: [4, domid],
  offset: [6, u16], // bytes into the page
});

export const GnttabCopy = struct('gnttab_copy', 24, {
  source: [0, GnttabCopyPtr], // in
  dest: [8, GnttabCopyPtr], // in
  len: [16, u16], // in: bytes; neither end may cross a page
  flags: [18, u16], // in: GrantCopyFlag
  status: [20, i16], // out
});

export const GnttabQuerySize = struct('gnttab_query_size', 16, {
  dom: [0, domid], // in
  nrFrames: [4, u32], // out
  maxNrFrames: [8, u32], // out
  status: [12, i16], // out
});

export const GnttabUnmapAndReplace = struct('gnttab_unmap_and_replace', 24, {
  hostAddr: [0, u64], // in
  newAddr: [8, u64], // in
  handle: [16, u32], // in
  status: [20, i16], // out
});

export const GnttabSetVersion = struct('gnttab_set_version', 4, {
  version: [0, u32], // in: wished; out: in force
});

export const GnttabGetStatusFrames = struct('gnttab_get_status_frames', 12, {
  nrFrames: [0, u32], // in
  dom: [4, domid], // in
  status: [6, i16], // out
  frameList: [8, guestHandle], // out: u64 each
});

export const GnttabGetVersion = struct('gnttab_get_version', 8, {
  dom: [0, domid], // in
  pad: [2, u16],
  version: [4, u32], // out
});

export const GnttabSwapGrantRef = struct('gnttab_swap_grant_ref', 12, {
  refA: [0, gref], // in
  refB: [4, gref], // in
  status: [8, i16], // out
});

export const GnttabCacheFlush = struct('gnttab_cache_flush', 16, {
  a: [0, union('gnttab_cache_flush.a', 8, { devBusAddr: u64, ref: gref })], // in
  offset: [8, u16], // in
  length: [10, u16], // in
  op: [12, u32], // in
});
