/**
 * Contents of volumes on their way in and out. Whoever has the connection reads or writes a
 * descriptor that the toolstack opened, and says when he has ended; bytes do not come by here.
 */
import type { DiskFormat, Volume } from '../../../shared/contract/index.ts';

export type ContentCalls = {
  /**
   * Opens an empty file for a volume, which is as it was until `content.received`. Errors `pool.*`,
   * `volume.*`, `disk.in-use`.
   */
  'content.receive': {
    params: {
      pool: string;
      volume: string;
      format: DiskFormat;
      /** Null where it is not known before. */
      bytes: number | null;
    };
    result: {
      transfer: string;
      fd: number;
      /** That there is room for. */
      mostBytes: number;
    };
  };
  /**
   * All was written, and nothing more will be. It becomes the volume if it is what it was said to
   * be. Errors `disk.*`, `volume.*`: then nothing of it is left. The transfer is over in any case.
   */
  'content.received': { params: { transfer: string }; result: Volume };
  /** Opens a volume's file for reading; it stays as it is meanwhile. Errors as `content.receive`. */
  'content.send': {
    params: { pool: string; volume: string };
    result: { transfer: string; fd: number; bytes: number };
  };
  /** The descriptor is used no more; what was received goes away. */
  'content.end': { params: { transfer: string }; result: void };
};
