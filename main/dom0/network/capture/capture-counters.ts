/**
 * What a capture has written, in memory that its reader shares: whoever looks asks no worker. Hosts
 * that a domain moves between write it one after the other.
 */
export class CaptureCounters {
  readonly buffer: SharedArrayBuffer;
  private readonly counts: Float64Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.buffer = buffer;
    this.counts = new Float64Array(buffer, 0, 2);
  }

  /** Frames in the file. */
  get frames(): number {
    return this.counts[0]!;
  }
  set frames(value: number) {
    this.counts[0] = value;
  }

  /** Frames left out because the file was too slow or is full. */
  get dropped(): number {
    return this.counts[1]!;
  }
  set dropped(value: number) {
    this.counts[1] = value;
  }
}
