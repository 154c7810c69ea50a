/**
 * The qcow2 format (QEMU's docs/interop/qcow2.txt), as far as it is used here. Everything is
 * big-endian.
 *
 * A file is clusters of one size. The disk's cluster `n` is found through two levels: L1 entry
 * `n / entries` names an L2 table of one cluster, whose entry `n % entries` names the data. Each cluster of the file
 * has a count of its users in a refcount block, which the refcount table names.
 */
export const QCOW2_MAGIC = 0x514649fb; // "QFI", 0xfb

/** Byte offsets in the header. Version 2 ends after `snapshotsOffset`. */
export const Header = {
  magic: 0, // u32
  version: 4, // u32: 2 or 3
  backingOffset: 8, // u64: of the backing file's name; 0 without
  backingBytes: 16, // u32
  clusterBits: 20, // u32
  size: 24, // u64: virtual bytes
  encryption: 32, // u32: 0 is none
  l1Entries: 36, // u32
  l1Offset: 40, // u64
  refcountTableOffset: 48, // u64
  refcountTableClusters: 56, // u32
  snapshots: 60, // u32
  snapshotsOffset: 64, // u64
  v2Size: 72,
  incompatible: 72, // u64: bits of Incompatible
  compatible: 80, // u64
  autoclear: 88, // u64: a writer that does not know a bit clears it
  refcountOrder: 96, // u32: counts have 2^order bits
  headerBytes: 100, // u32: extensions begin there
  v3Size: 104,
} as const;

/** Bits of the low word of `incompatible`. */
export const Incompatible = { dirty: 1, corrupt: 2 } as const;

/** Names of bits of `incompatible` that make an image unusable here. */
export const UNSUPPORTED_FEATURES: readonly (readonly [bit: number, name: string])[] = [
  [2, 'an external data file'],
  [3, 'a compression other than zlib'],
  [4, 'extended L2 entries'],
];

export const HeaderExtension = {
  end: 0,
  backingFormat: 0xe2792aca,
} as const;

/** Bits of the high word of L1 and L2 entries. */
export const EntryHigh = {
  /** The cluster has one user: it may be written in place. */
  copied: 0x80000000,
  compressed: 0x40000000,
  offsetMask: 0x00ffffff,
} as const;

/** Bits of the low word of L2 entries. */
export const EntryLow = { zero: 1, offsetMask: 0xfffffe00 } as const;

export const ENTRY_BYTES = 8;
export const REFCOUNT_BYTES = 2;
export const REFCOUNT_ORDER = 4;
export const MIN_CLUSTER_BITS = 9;
export const MAX_CLUSTER_BITS = 21;
/** 8 MiB of entries: 512 TiB with clusters of 64 KiB, 32 GiB with the smallest. */
export const MAX_L1_ENTRIES = 2 ** 20;
/** As QEMU has it. */
export const MAX_REFCOUNT_TABLE_BYTES = 8 * 2 ** 20;
export const MAX_BACKING_NAME_BYTES = 1023;
