/** What a block back end asks of a disk, wherever it lies: `DiskClient` of the I/O workers, say. */

export type DiskStatus = 'okay' | 'failed' | 'unsupported';

/** Told once, from `poll`: never from within the request. */
export type DiskDone = (status: DiskStatus) => void;

/** Offsets and lengths are bytes, multiples of 512, within the disk. */
export interface DiskQueue {
  /** `take` is given the bytes before `done` is told that they are right; they are its until it returns. */
  read(offset: number, length: number, take: (data: Uint8Array) => void, done: DiskDone): boolean;
  /** `fill` writes the bytes into the queue's own memory before this returns. */
  write(offset: number, length: number, fill: (data: Uint8Array) => void, done: DiskDone): boolean;
  discard(offset: number, length: number, done: DiskDone): boolean;
  /** All writes that were done before this are on stable storage when it is. */
  flush(done: DiskDone): boolean;
  /** Tells of what has completed. All requests answer false when the queue is full: ask again then. */
  poll(): void;
  readonly underWay: number;
}
