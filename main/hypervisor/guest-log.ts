/**
 * What a guest says about itself on its way to the log. A guest can say as much as it likes: lines
 * are bounded in length and in number, and how many were left out is said.
 */
const LINE_MAX = 256;
/** A kernel's early messages are a few hundred lines at once. */
const BURST_LINES = 500;
const LINES_A_SECOND = 20;

export type LogLevel = 'debug' | 'info' | 'warning';

export class GuestLog {
  private readonly write: (level: LogLevel, message: string) => void;
  private readonly nowMs: () => number;
  private credit = BURST_LINES;
  private creditAtMs = 0;
  private leftOut = 0;

  /** `nowMs` is monotonic. */
  constructor(write: (level: LogLevel, message: string) => void, nowMs: () => number) {
    this.write = write;
    this.nowMs = nowMs;
  }

  say(level: LogLevel, message: string): void {
    const nowMs = this.nowMs();
    const earned = ((nowMs - this.creditAtMs) / 1000) * LINES_A_SECOND;
    this.credit = Math.min(BURST_LINES, this.credit + earned);
    this.creditAtMs = nowMs;
    if (this.credit < 1) {
      this.leftOut++;
      return;
    }
    this.credit--;
    if (this.leftOut > 0) this.write('warning', `${this.leftOut} messages of the guest left out`);
    this.leftOut = 0;
    this.write(level, message);
  }
}

/** Makes lines of a stream of bytes; what is not printable ASCII is dropped. */
export class LineCollector {
  private readonly emit: (line: string) => void;
  private line = '';

  constructor(emit: (line: string) => void) {
    this.emit = emit;
  }

  put(byte: number): void {
    if (byte === 0x0a || this.line.length >= LINE_MAX) {
      this.emit(this.line);
      this.line = '';
    }
    if (byte >= 0x20 && byte < 0x7f) this.line += String.fromCharCode(byte);
  }
}
