/** Xen public/io/blkif.h for i386 (`protocol` = "x86_32-abi"). Sectors are 512 bytes, always. */
import { namesOf, type ConstantOf } from '../constants.ts';
import { array, gref, i16, u16, u64, u8 } from '../field-types.ts';
import { struct, type StructValue } from '../struct.ts';

/** `BLKIF_OP_*`. */
export const BlkifOp = {
  read: 0,
  write: 1,
  writeBarrier: 2,
  flushDiskcache: 3,
  discard: 5,
  indirect: 6,
} as const;
export type BlkifOp = ConstantOf<typeof BlkifOp>;
export const blkifOpName = namesOf(BlkifOp);

/** `BLKIF_RSP_*`. */
export const BlkifStatus = { okay: 0, error: -1, eopnotsupp: -2 } as const;
export type BlkifStatus = ConstantOf<typeof BlkifStatus>;

/** `VDISK_*`: bits of the back end's `info` node. */
export const VdiskInfo = { cdrom: 1, removable: 2, readonly: 4 } as const;

/** Bit of `BlkifRequestDiscard.flag`. */
export const BLKIF_DISCARD_SECURE = 1;

export const BlkifLimit = {
  maxSegmentsPerRequest: 11,
  maxIndirectPagesPerRequest: 8,
} as const;

/** Bytes of a ring entry, request or response. */
export const BLKIF_RING_ENTRY_BYTES = 108;

export const BLKIF_SECTOR_BYTES = 512;

/** Value of the front end's `protocol` node that this file describes. */
export const BLKIF_PROTOCOL_X86_32 = 'x86_32-abi';

export const BlkifRequestSegment = struct('blkif_request_segment', 8, {
  gref: [0, gref],
  firstSect: [4, u8], // 0 to 7, of the granted page
  lastSect: [5, u8], // inclusive
});

/** read, write, writeBarrier, flushDiskcache. */
export const BlkifRequest = struct('blkif_request', 108, {
  operation: [0, u8],
  nrSegments: [1, u8],
  handle: [2, u16],
  id: [4, u64], // the front end's, repeated in the response
  sectorNumber: [12, u64], // of a flush 2^64 - 1
  seg: [20, array(BlkifRequestSegment, 11)],
});
export type BlkifRequest = StructValue<typeof BlkifRequest>;

export const BlkifRequestDiscard = struct('blkif_request_discard', 28, {
  operation: [0, u8],
  flag: [1, u8],
  handle: [2, u16],
  id: [4, u64],
  sectorNumber: [12, u64],
  nrSectors: [20, u64],
});

/** Its segments are in granted pages, 512 each. */
export const BlkifRequestIndirect = struct('blkif_request_indirect', 64, {
  operation: [0, u8],
  indirectOp: [1, u8], // read or write; the response repeats this one
  nrSegments: [2, u16],
  id: [4, u64],
  sectorNumber: [12, u64],
  handle: [20, u16],
  indirectGrefs: [24, array(gref, 8)],
  pad: [56, u64],
});

export const BlkifResponse = struct('blkif_response', 12, {
  id: [0, u64],
  operation: [8, u8],
  status: [10, i16], // BlkifStatus
});
export type BlkifResponse = StructValue<typeof BlkifResponse>;
