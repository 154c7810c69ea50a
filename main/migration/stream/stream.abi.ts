/**
 * The layout of a record stream: what a saved file holds and what a link carries.
 *
 * A stream is a preamble, then records. Everything is little-endian and starts on a multiple of
 * eight bytes; a record's payload is padded with zeros to the next one.
 *
 *     preamble | config | pages… lines… engine-state… domain-state xenstore (in any order) | end
 *
 * With {@link Feature.checkpoints} the middle part repeats, each time with a checkpoint record
 * behind it, and what did not change is left out.
 *
 * **Strength of the checks.** Each record carries a CRC-32 over its header and padded payload: it
 * finds every change of up to 32 neighbouring bits and every change of one or two bits, and lets
 * one random damage in 2^32 pass. The end record carries the SHA-256 of the preamble and of all
 * record headers, *their checksums included*, and the totals: records cannot be lost, doubled,
 * exchanged or taken from another stream. SHA-256 over the pages too would cost 0.7 ms a MiB on
 * both sides, in the downtime, and would add nothing against a person who forges a stream, since
 * none of it is keyed. Against forgery stand the bounds below and the checks in the reader.
 */

/** First byte not ASCII, then CR LF, ^Z, LF: a stream that was ever handled as text is noticed. */
export const STREAM_MAGIC: Uint8Array = Uint8Array.of(
  0x89,
  ...[...'DOM'].map((letter) => letter.charCodeAt(0)),
  0x0d,
  0x0a,
  0x1a,
  0x0a,
);
/** Changes when an older reader would misread a stream; additions use records and features. */
export const STREAM_VERSION = 1;

/** Byte offsets in the preamble. `crc32` covers all bytes before it. */
export const Preamble = {
  magic: 0, // 8 bytes
  version: 8, // u32
  requiredFeatures: 12, // u32: a reader that does not know one of them refuses the stream
  optionalFeatures: 16, // u32: a reader may ignore them
  reserved: 20, // u32 × 2, zero
  crc32: 28, // u32
  size: 32,
} as const;

/** Bits of `requiredFeatures`. */
export const Feature = {
  /**
   * Pages and engine sections may come again, and the last one counts: a domain that runs while
   * it is sent. Without it each comes once.
   */
  live: 1 << 0,
  /**
   * States that may be resumed come one after another, each ended by a checkpoint record: after it
   * only what has changed since comes again.
   */
  checkpoints: 1 << 1,
  /** There are {@link RecordType.lines} records. */
  lines: 1 << 2,
} as const;
export const KNOWN_REQUIRED_FEATURES: number = Feature.live | Feature.checkpoints | Feature.lines;

/** Byte offsets in a record's header. `crc32` covers the bytes before it and the padded payload. */
export const RecordHeader = {
  type: 0, // u32, a RecordType
  flags: 4, // u32, bits of RecordFlag
  length: 8, // u32, payload bytes without padding
  sequence: 12, // u32, from 0, one more each record
  reserved: 16, // u32, zero
  crc32: 20, // u32
  size: 24,
} as const;

export const RecordFlag = {
  /** A reader that does not know the type skips the record; without it, it refuses the stream. */
  optional: 1 << 0,
} as const;
export const KNOWN_RECORD_FLAGS: number = RecordFlag.optional;

export const RecordType = {
  /** JSON, {@link StreamConfig}; the first record. */
  config: 1,
  /** See {@link PagesPayload}. */
  pages: 2,
  /** See {@link SectionPayload}. */
  engineState: 3,
  /** JSON of the hypervisor: events, grants, parameters, timers. */
  domainState: 4,
  /** JSON of a host's xenstore: the domain's subtree, watches and transactions. */
  xenstore: 5,
  /** Reserved for live pre-copy: the end of a round. */
  round: 6,
  /**
   * What came since the last one makes the state whole: it may be resumed. {@link EndPayload} of the
   * stream so far, then JSON of whoever took it.
   */
  checkpoint: 7,
  /**
   * Optional, empty. What the sender has translated of the guest's code was taken here, for a receiver
   * in the same process, which gets it beside the stream: pages that come later may void it.
   */
  code: 8,
  /** Pages of which only some lines are told: see {@link LinesPayload}. */
  lines: 9,
  /** See {@link EndPayload}; the last record. */
  end: 0xff,
} as const;

/**
 * A batch of pages: two counts, the bytes of the data pages, then the table of runs. The table
 * comes last so that a writer fills a batch in one pass. Data runs take their pages in order.
 */
export const PagesPayload = {
  dataPages: 0, // u32, 0 to MAX_BATCH_PAGES
  runs: 4, // u32, 1 to MAX_BATCH_RUNS
  data: 8, // dataPages × PAGE_BYTES, then runs × PageRun
} as const;

/** A run of frames of one kind: `count` (bits 0-23, at least 1) and `kind` (bits 24-31). */
export const PageRun = {
  firstGfn: 0, // u32
  countAndKind: 4, // u32
  size: 8,
} as const;
export const RUN_COUNT_MASK = 0xff_ffff;
export const RUN_KIND_SHIFT = 24;

export const PageKind = {
  /** Populated, all bytes zero: nothing is sent. */
  zero: 0,
  /** Populated, its bytes are in the batch. */
  data: 1,
  /** No frame behind it: ballooned out, or never there. */
  unpopulated: 2,
} as const;
export type PageKind = (typeof PageKind)[keyof typeof PageKind];

/**
 * Pages as the lines of 64 bytes in which they differ from what the receiver knows of them, after
 * QEMU's XBZRLE (`migration/xbzrle.c`) in units that are found and put in place fast.
 */
export const LinesPayload = {
  pages: 0, // u32, 1 to MAX_BATCH_PAGES
  reserved: 4, // u32, zero
  table: 8, // pages × PageLines, then the lines of all of them, in order
} as const;

/** A bit of `low` and `high` for each line: line 0 is bit 0 of `low`. At least one is set. */
export const PageLines = {
  gfn: 0, // u32
  over: 4, // u32, a LinesOver
  low: 8, // u32
  high: 12, // u32
  size: 16,
} as const;

/** What the lines that are not told hold. */
export const LinesOver = {
  /** Zeros. */
  zeros: 0,
  /** What they held: the page came before, with bytes or without. */
  before: 1,
} as const;
export type LinesOver = (typeof LinesOver)[keyof typeof LinesOver];
export const LINE_BYTES = 64;

/**
 * A named part of the engine's state. Blocks of zeros are left out: the section is `totalBytes`
 * zeros, and each extent's bytes put in their place.
 */
export const SectionPayload = {
  nameBytes: 0, // u32, 1 to MAX_SECTION_NAME_BYTES
  totalBytes: 4, // u32
  extents: 8, // u32
  reserved: 12, // u32, zero
  table: 16, // extents × SectionExtent, then the name padded to 8, then the extents' bytes
} as const;

/** Ascending, without overlap. */
export const SectionExtent = {
  offset: 0, // u32
  length: 4, // u32, at least 1
  size: 8,
} as const;

export const EndPayload = {
  bytes: 0, // u64, of the stream before this record
  records: 8, // u32, before this one
  dataPages: 12, // u32, sent over all batches, by lines or whole
  sha256: 16, // 32 bytes, of the preamble and the headers of all records before this one
  size: 48,
} as const;

export const PAGE_BYTES = 4096;
export const ALIGNMENT = 8;

/** 4 GiB: more than a 32-bit guest of this engine can have. */
export const MAX_MEMORY_PAGES: number = 1 << 20;
export const MAX_BATCH_PAGES = 1024;
export const MAX_BATCH_RUNS = 4096;
export const MAX_SECTION_NAME_BYTES = 64;
export const MAX_SECTION_BYTES: number = 32 << 20;
/** All sections of a stream together, and how many: what a receiver may have to hold at once. */
export const MAX_SECTIONS_BYTES: number = 64 << 20;
export const MAX_SECTIONS = 256;

/** What is sent beside a checkpoint: the requests of 16 disks whose rings are as large as can be. */
export const MAX_BESIDE_BYTES: number = 2 << 20;

/** Payload bytes a reader accepts, by type; of a type it does not know, {@link MAX_UNKNOWN_BYTES}. */
export const MAX_PAYLOAD_BYTES: ReadonlyMap<number, number> = new Map([
  [RecordType.config, 64 << 10],
  [
    RecordType.pages,
    PagesPayload.data + MAX_BATCH_PAGES * PAGE_BYTES + MAX_BATCH_RUNS * PageRun.size,
  ],
  [RecordType.lines, LinesPayload.table + MAX_BATCH_PAGES * (PageLines.size + PAGE_BYTES)],
  [RecordType.engineState, MAX_SECTION_BYTES + (1 << 20)],
  [RecordType.domainState, 16 << 20],
  [RecordType.xenstore, 16 << 20],
  [RecordType.code, 0],
  [RecordType.checkpoint, EndPayload.size + MAX_BESIDE_BYTES],
  [RecordType.end, EndPayload.size],
]);
export const MAX_UNKNOWN_BYTES: number = 16 << 20;

/** `bytes` rounded up to {@link ALIGNMENT}. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
