/** What an I/O worker is asked, and what it tells. Data goes through rings (`disk-ring.abi.ts`). */
import type { ErrorData } from '../../../../shared/errors.ts';

/** One file of a disk. Descriptors are the asking side's: open until `disk.close` has answered. */
export interface DiskFile {
  fd: number;
  format: 'raw' | 'qcow2';
  /** Names it to a person, in errors. */
  label: string;
}

export type DiskSource =
  /** The disk's own file first, then what it was made over, down to the last. */
  | { kind: 'files'; chain: readonly DiskFile[] }
  /** Of an NBD server, over TCP; the export's name may be empty. */
  | { kind: 'nbd'; host: string; port: number; exportName: string; label: string };

export interface OpenDisk {
  /** Names the disk in later calls and in events: unique in this worker. */
  disk: string;
  source: DiskSource;
  readOnly: boolean;
  /** Of `createDiskRing`: fresh, and for one client. */
  ring: SharedArrayBuffer;
  /** Rung after completions (`shared/ring/doorbell.ts`). */
  doorbell: SharedArrayBuffer;
}

export interface OpenedDisk {
  bytes: number;
  readOnly: boolean;
  /** Of `DiskImage.discardBytes`. */
  discardBytes: number;
}

export type DiskServiceCalls = {
  /** @throws DomusError `disk.…`: it is not, or cannot be, what it is said to be */
  'disk.open': { params: OpenDisk; result: OpenedDisk };
  /**
   * Serves what was asked before, makes it stable, and closes the ring. Answers, in whatever case,
   * after the last access to the descriptors; fails when something may not be stable.
   */
  'disk.close': { params: { disk: string }; result: void };
  /** Grows a disk; its client learns the size from the caller. */
  'disk.resize': { params: { disk: string; bytes: number }; result: { bytes: number } };
};

export type DiskServiceEvents = {
  /**
   * A request failed for what lies beneath (no space, medium, connection), not for what was asked.
   * Told once for each code until a request of the kind that failed succeeds again.
   */
  'disk.failed': { disk: string; error: ErrorData };
  /** The ring held what no client writes; it is closed. */
  'disk.broken': { disk: string };
};
