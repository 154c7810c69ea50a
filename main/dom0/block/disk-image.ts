/** A virtual disk's content, whatever keeps it: the one interface of all formats and sources. */
import type { DomusError } from '../../../shared/errors.ts';

export const SECTOR_BYTES = 512;

/** Called once for each request, at once or later; null is success. */
export type Done = (error: DomusError | null) => void;

/**
 * Offsets and lengths are bytes, multiples of {@link SECTOR_BYTES}, within `bytes`: whoever takes
 * requests from elsewhere checks that ({@link requestFault}). Requests may complete out of order,
 * and those that overlap while both are under way may take effect in either order. Buffers belong
 * to the image until `done`.
 *
 * Errors are {@link diskError}s.
 */
export interface DiskImage {
  /** Virtual size. */
  readonly bytes: number;
  readonly readOnly: boolean;
  /** Discards give room back in aligned pieces of this size; 0 when they give nothing back. */
  readonly discardBytes: number;
  /** Fills `target`, one buffer after another, from `offset` on. */
  read(offset: number, target: readonly Uint8Array[], done: Done): void;
  write(offset: number, source: readonly Uint8Array[], done: Done): void;
  /** The content is no longer needed. What is read there afterwards: what was there, or zeros. */
  discard(offset: number, length: number, done: Done): void;
  /** All writes that were done before this call are on stable storage. */
  flush(done: Done): void;
  /** Of formats that have tables: looks at all of them. @throws DomusError `disk.corrupt` */
  checkTables?(): Promise<void>;
  /** Makes the disk larger; on stable storage when done. */
  resize(bytes: number, done: Done): void;
  /**
   * Somebody waits for it to be closed: requests that wait for what is away (a server) fail soon, from
   * now on.
   */
  hurry?(): void;
  /**
   * Ends outstanding requests, makes everything stable and lets go; nothing may be asked afterwards.
   * Descriptors it was given stay open: they belong to whoever opened them.
   */
  close(done: Done): void;
}

/** What an overlay needs of the image beneath it. */
export interface BackingImage {
  readonly bytes: number;
  /** Fills `target` within `bytes`. @throws DomusError `disk.…` */
  readNow(offset: number, target: readonly Uint8Array[]): void;
}

/** What is wrong with a range that came from outside, or null. */
export function requestFault(image: DiskImage, offset: number, length: number): string | null {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    return 'its range is no range';
  }
  if (offset % SECTOR_BYTES !== 0 || length % SECTOR_BYTES !== 0) {
    return 'its range does not begin and end with a sector';
  }
  return offset + length <= image.bytes ? null : 'its range lies beyond the end of the disk';
}
