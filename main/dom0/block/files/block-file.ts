/** The file under an image: bytes at offsets, and the moment from which they are stable. */
import type { Done } from '../disk-image.ts';

/**
 * Reads and writes block the thread (an I/O worker's only work), so that what one request does to a
 * file is never interleaved with another's. Offsets and lengths need no alignment.
 */
export interface BlockFile {
  /** Names the file to a person, in errors. */
  readonly label: string;
  readonly readOnly: boolean;
  /** Bytes now; of a device, what it can hold. */
  readonly size: number;
  /** Fills the buffers; with zeros beyond the end. @throws DomusError `disk.…` */
  read(offset: number, target: readonly Uint8Array[]): void;
  /** Writes all of it, or throws having written a beginning. @throws DomusError `disk.…` */
  write(offset: number, source: readonly Uint8Array[]): void;
  /** Makes the file longer, with a hole. @throws DomusError `disk.…` */
  extend(size: number): void;
  /**
   * Calls back when everything written before is stable; the thread goes on meanwhile. After an
   * error nobody knows what is on the disk: every later sync fails too.
   */
  sync(done: Done): void;
  /** The same, but the thread stands. @throws DomusError `disk.…` */
  syncNow(): void;
}
