/**
 * The shared memory between a domain's thread, which asks, and an I/O worker, which serves one disk:
 *
 *     header | request slots | completion slots | data
 *
 * Two single-producer, single-consumer rings. Words that count go from 0 up, modulo 2^32; the slot of
 * count `n` is `n % SLOTS`. A slot is filled before its count is published, and read before it is
 * given back. At most `SLOTS` requests are under way, so that a completion always finds a slot.
 *
 * The data area is the asking side's: it puts what is to be written there before it asks, and leaves
 * the place alone until the completion has come.
 */
export const SLOTS = 128;

/** Indices of i32 words. */
export const RingWord = {
  /** Requests ever published; the I/O worker waits on it. */
  requested: 0, // by the domain
  taken: 1, // by the I/O worker
  completed: 2, // by the I/O worker
  accepted: 3, // by the domain
  /** 1: nothing more will be served. */
  closed: 4, // by the I/O worker
  // 8 to 15: the counters
  size: 16,
} as const;

/** Indices of f64s in the header: what the guest asked for and has had done. By the domain. */
export const DiskCounter = { bytesRead: 0, bytesWritten: 1, reads: 2, writes: 3, size: 4 } as const;
const COUNTERS_AT = 32;

/** u32 words of a request slot. */
export const RequestWord = {
  id: 0, // comes back in the completion
  operation: 1, // DiskOperation
  sectorLow: 2,
  sectorHigh: 3,
  sectors: 4, // of 512 bytes; 0 for a flush
  dataAt: 5, // of a read or write: byte offset in the data area
  size: 8,
} as const;

/** u32 words of a completion slot. */
export const CompletionWord = { id: 0, status: 1, size: 2 } as const;

export const DiskOperation = { read: 0, write: 1, discard: 2, flush: 3 } as const;
export type DiskOperation = (typeof DiskOperation)[keyof typeof DiskOperation];

export const DiskStatus = {
  ok: 0,
  /** The medium failed; the request may be tried again. */
  failed: 1,
  /** Nothing of it is lost: it succeeds when there is room again. */
  noSpace: 2,
  readOnly: 3,
  badRequest: 4,
  /** The disk is gone, or was closed: asking again is no use. */
  gone: 5,
  /** The server that has it is away; the request may be tried again. */
  unreachable: 6,
} as const;
export type DiskStatus = (typeof DiskStatus)[keyof typeof DiskStatus];

const WORD_BYTES = 4;
export const REQUESTS_AT: number = RingWord.size;
export const COMPLETIONS_AT: number = REQUESTS_AT + SLOTS * RequestWord.size;
/** Byte offset of the data area: page-aligned. */
export const DATA_AT: number =
  Math.ceil(((COMPLETIONS_AT + SLOTS * CompletionWord.size) * WORD_BYTES) / 4096) * 4096;
/** The data area is given out in pieces of this size. */
export const DATA_PAGE_BYTES = 4096;

/** @param dataBytes of the data area, a multiple of 4096: also the largest single request */
export function createDiskRing(dataBytes: number = 4 * 2 ** 20): SharedArrayBuffer {
  if (dataBytes <= 0 || dataBytes % DATA_PAGE_BYTES !== 0) {
    throw new RangeError(
      `a data area has a multiple of ${DATA_PAGE_BYTES} bytes, not ${dataBytes}`,
    );
  }
  return new SharedArrayBuffer(DATA_AT + dataBytes);
}

/** Of {@link DiskCounter}, over the shared memory itself. */
export function diskCounters(ring: SharedArrayBuffer): Float64Array<SharedArrayBuffer> {
  return new Float64Array(ring, COUNTERS_AT, DiskCounter.size);
}

/** Whether a buffer from elsewhere can be a ring at all. */
export function isDiskRing(buffer: unknown): buffer is SharedArrayBuffer {
  return (
    buffer instanceof SharedArrayBuffer &&
    buffer.byteLength > DATA_AT &&
    (buffer.byteLength - DATA_AT) % DATA_PAGE_BYTES === 0
  );
}
