/** How much may be under way: slow start, congestion avoidance (RFC 5681), NewReno (RFC 6582). */
import { distance } from './sequence.ts';

const DUPLICATES = 3;
/** RFC 6928. */
const INITIAL_SEGMENTS = 10;
export const WINDOW_BYTES_MAX = 1 << 20;

export class Congestion {
  private readonly mss: number;
  private windowBytes: number;
  private threshold = WINDOW_BYTES_MAX;
  private duplicates = 0;
  /** Losses up to here belong to one event. */
  private recoverUntil: number;
  private recovering = false;

  /** @param sequence what was sent up to now */
  constructor(mss: number, sequence: number) {
    this.mss = mss;
    this.windowBytes = INITIAL_SEGMENTS * mss;
    this.recoverUntil = sequence;
  }

  get window(): number {
    return Math.min(this.windowBytes, WINDOW_BYTES_MAX);
  }

  /** @returns whether the first segment that is not acknowledged must be sent again at once */
  acknowledged(bytes: number, upTo: number): boolean {
    this.duplicates = 0;
    if (this.recovering) {
      if (distance(upTo, this.recoverUntil) >= 0) {
        this.recovering = false;
        this.windowBytes = this.threshold;
        return false;
      }
      this.windowBytes = Math.max(this.mss, this.windowBytes - bytes + this.mss);
      return true;
    }
    const isSlowStart = this.windowBytes < this.threshold;
    const growth = isSlowStart
      ? Math.min(bytes, 2 * this.mss * INITIAL_SEGMENTS)
      : (this.mss * Math.min(bytes, this.windowBytes)) / this.windowBytes;
    this.windowBytes = Math.min(WINDOW_BYTES_MAX, this.windowBytes + growth);
    return false;
  }

  /** @returns as {@link acknowledged} */
  duplicate(inFlight: number, acknowledged: number, sent: number): boolean {
    if (this.recovering) {
      this.windowBytes += this.mss;
      return false;
    }
    this.duplicates++;
    const isNewLoss = distance(acknowledged, this.recoverUntil) >= 0;
    if (this.duplicates !== DUPLICATES || !isNewLoss) return false;
    this.recovering = true;
    this.recoverUntil = sent;
    this.threshold = Math.max(inFlight / 2, 2 * this.mss);
    this.windowBytes = this.threshold + DUPLICATES * this.mss;
    return true;
  }

  timedOut(inFlight: number, sent: number): void {
    this.threshold = Math.max(inFlight / 2, 2 * this.mss);
    this.windowBytes = this.mss;
    this.recovering = false;
    this.recoverUntil = sent;
    this.duplicates = 0;
  }
}
