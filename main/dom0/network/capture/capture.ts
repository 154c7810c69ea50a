/** Writes what an interface sends and gets to a pcap file, for tcpdump and Wireshark. */
import type { Writable } from 'node:stream';
import { completeChecksum } from '../offload/complete-checksum.ts';
import type { Offload } from '../offload/offload.ts';
import type { FrameTap } from '../switch/port.ts';
import { CaptureCounters } from './capture-counters.ts';
import { PcapEncoder } from './pcap.ts';

export interface CaptureOptions {
  /** The file; it is ended by {@link Capture.stop}. */
  readonly output: Writable;
  /** Milliseconds since 1970. */
  readonly wallClockMs: () => number;
  /** Of each frame so many bytes are kept. Default: all. */
  readonly snapBytes?: number;
  /** No frame that would make the file larger is written. Default: 1 GiB. */
  readonly fileBytesMax?: number;
  /** It goes on with a file that has so many bytes. Default: a new one. */
  readonly fileBytes?: number;
  /** Default: its own. */
  readonly counters?: CaptureCounters;
  /** Told once: a frame had no room any more. */
  full?(): void;
}

/** What the file system has not taken yet: a guest is never held up by its capture. */
const WAITING_BYTES_MAX = 8 << 20;
const DEFAULT_FILE_BYTES_MAX = 1 << 30;

export class Capture {
  readonly counters: CaptureCounters;
  /** To be set as a port's `tap`. */
  readonly tap: FrameTap;
  /** Settles when the file is complete; fails with what failed it. */
  readonly finished: Promise<void>;
  private readonly options: CaptureOptions;
  private readonly encoder: PcapEncoder;
  private fileBytes: number;
  private isFull = false;
  private isOver = false;

  constructor(options: CaptureOptions) {
    this.options = options;
    this.counters = options.counters ?? new CaptureCounters();
    this.encoder = new PcapEncoder(options.snapBytes);
    this.fileBytes = options.fileBytes ?? 0;
    this.tap = (frame, offload) => this.see(frame, offload);
    const { output } = options;
    this.finished = new Promise((resolve, reject) => {
      output.once('finish', resolve);
      output.once('error', (error) => {
        this.isOver = true;
        reject(error);
      });
    });
    // Who does not wait for the end learns of an error from the counters.
    this.finished.catch(() => undefined);
    if (this.fileBytes === 0) this.put(this.encoder.header());
  }

  /** Ends the file; resolves when it is complete. */
  async stop(): Promise<void> {
    if (!this.isOver) {
      this.isOver = true;
      this.options.output.end();
    }
    await this.finished;
  }

  private see(frame: Uint8Array, offload: Offload): void {
    const { output, wallClockMs, fileBytesMax = DEFAULT_FILE_BYTES_MAX } = this.options;
    const record = this.encoder.record(whole(frame, offload), wallClockMs());
    const hasRoom = this.fileBytes + record.length <= fileBytesMax;
    if (this.isOver || !hasRoom || output.writableLength > WAITING_BYTES_MAX) {
      this.counters.dropped++;
      if (!this.isOver && !hasRoom) this.tellFull();
      return;
    }
    this.counters.frames++;
    this.put(record);
  }

  private tellFull(): void {
    if (this.isFull) return;
    this.isFull = true;
    this.options.full?.();
  }

  private put(bytes: Uint8Array): void {
    this.fileBytes += bytes.length;
    this.options.output.write(bytes);
  }
}

/** A frame that left its checksum to others would look damaged in a file. */
function whole(frame: Uint8Array, offload: Offload): Uint8Array {
  if (!offload.checksumPartial) return frame;
  const copy = Uint8Array.from(frame);
  completeChecksum(copy);
  return copy;
}
