/**
 * A guest that is slowed down: for the time that it ran it has to wait, so that it has the rest of the
 * time. Arithmetic only; the run loop does the waiting.
 */

/** What it owes is paid when it is this much: shorter sleeps are not exact. */
const LEAST_MS = 2;

export class Throttle {
  private percent = 0;
  private owedMs = 0;

  /** The part of its time that is taken from it, 0 to 99; 0: full speed, at once. */
  set(percent: number): void {
    this.percent = percent;
    if (percent === 0) this.owedMs = 0;
  }

  get isOn(): boolean {
    return this.percent > 0;
  }

  /** It ran for so long. */
  ran(ms: number): void {
    if (this.percent > 0) this.owedMs += (ms * this.percent) / (100 - this.percent);
  }

  /** How long it has to wait now. */
  get dueMs(): number {
    return this.owedMs >= LEAST_MS ? this.owedMs : 0;
  }

  waited(ms: number): void {
    this.owedMs = Math.max(0, this.owedMs - ms);
  }
}
