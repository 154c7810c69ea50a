/** What an I/O worker is asked, and what it tells. Data goes through rings (`disk-ring.abi.ts`). */
import type { ErrorData } from '../../../../shared/errors.ts';
import type { MirrorProgress } from '../mirror/disk-mirror.ts';

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

/** What a file says of itself. */
export interface DiskDescription {
  /** Virtual size. */
  bytes: number;
  /** What it was made over, in the file's own words: not to be trusted. */
  backing: { name: string; format: string | null } | null;
}

export interface NewDiskFile {
  /** Open for writing, and empty. */
  file: DiskFile;
  /** Virtual size, a multiple of 512. */
  bytes: number;
  /** Of a qcow2 overlay: the name is relative to where the file lies. */
  backing?: { name: string; format: 'raw' | 'qcow2' };
}

export interface CopyDisk {
  /** Names the copy in `disk.stopCopy` and in events: unique in this worker. */
  copy: string;
  /** As {@link DiskSource}: what the disk shows is copied, not its files. */
  from: readonly DiskFile[];
  /** Open for writing, and empty. */
  to: DiskFile;
}

/**
 * Of files that are no disk of anybody's. Descriptors are the asking side's, and are used no more
 * once a call has answered, in whatever way. @throws DomusError `disk.…`
 */
export type DiskJobCalls = {
  'disk.describe': { params: { file: DiskFile }; result: DiskDescription };
  /** Opens it as a disk would be, for reading. `isForeign`: and looks at all of its tables. */
  'disk.check': {
    params: { chain: readonly DiskFile[]; isForeign?: boolean };
    result: { bytes: number };
  };
  /** It is what it is said to be, on stable storage, when this answers. */
  'disk.create': { params: NewDiskFile; result: void };
  /** What was written to it is on stable storage when this answers. */
  'disk.sync': { params: { file: DiskFile }; result: void };
  'disk.grow': { params: { chain: readonly DiskFile[]; bytes: number }; result: { bytes: number } };
  /** Zeros take no room in the copy. Error `disk.stopped`. */
  'disk.copy': { params: CopyDisk; result: void };
  /** Makes a copy fail soon; its call answers when it has. */
  'disk.stopCopy': { params: { copy: string }; result: void };
};

export interface MirrorDisk {
  disk: string;
  /** Made for it: empty, of its size, open for writing. */
  to: DiskFile;
  /** The most that the copy may take. */
  bytesPerSecond: number;
}

/** A disk that is copied while it is used (`mirror/`). Errors `disk.…`. */
export type DiskMirrorCalls = {
  /** Begins; ended by `disk.unmirror`, or with the disk. */
  'disk.mirror': { params: MirrorDisk; result: void };
  /**
   * Copies; answers when both are the same: what is written from then on goes to both. Fails when there
   * will be no copy, with `disk.stopped` when it was stopped.
   */
  'disk.copyMirror': { params: { disk: string }; result: void };
  /**
   * The copy may become the disk: nothing is acknowledged any more that only one of them has. Fails
   * when they are not the same.
   */
  'disk.bindMirror': { params: { disk: string }; result: void };
  /**
   * The copy, or the original, is the disk from now on. Answers, in whatever case, after the last access
   * to the descriptors of the other.
   */
  'disk.unmirror': { params: { disk: string; keep: 'copy' | 'original' }; result: void };
};

export type DiskServiceCalls = DiskJobCalls &
  DiskMirrorCalls & {
    /** @throws DomusError `disk.…`: it is not, or cannot be, what it is said to be */
    'disk.open': { params: OpenDisk; result: OpenedDisk };
    /**
     * Serves what was asked before, makes it stable, and closes the ring. Answers, in whatever case,
     * after the last access to the descriptors; fails when something may not be stable. A server that is
     * away is tried once more, or for as long as requests would wait for it (`isPatient`).
     */
    'disk.close': { params: { disk: string; isPatient?: boolean }; result: void };
    /**
     * Its client is gone: ends what that had asked for, and serves another with the same disk, which stays
     * open. Answers when it does.
     */
    'disk.handOver': {
      params: { disk: string; ring: SharedArrayBuffer; doorbell: SharedArrayBuffer };
      result: void;
    };
    /**
     * Of a disk that nothing is asked of meanwhile: makes stable all that it was asked, as `disk.close`
     * does, and goes on with another source, of the same size, or with the same. When this fails it goes
     * on as it was.
     */
    'disk.switch': { params: { disk: string; source: DiskSource }; result: void };
    /** Grows a disk; its client learns the size from the caller. */
    'disk.resize': { params: { disk: string; bytes: number }; result: { bytes: number } };
  };

export type DiskServiceEvents = {
  /**
   * A request failed for what lies beneath (no space, medium, connection), not for what was asked.
   * Told once for each code until a request of the kind that failed succeeds again.
   */
  'disk.failed': { disk: string; error: ErrorData };
  /** Nothing failed; a person who looks for the cause of a delay wants to know. */
  'disk.warned': { disk: string; message: string };
  /** How far a copy is, now and then. */
  'disk.copied': { copy: string; bytes: number; totalBytes: number };
  /** How far a mirror is, now and then. */
  'disk.mirrored': MirrorProgress & { disk: string };
  /** The ring held what no client writes; it is closed. */
  'disk.broken': { disk: string };
};
