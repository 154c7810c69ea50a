/**
 * Looking for a moment before sleeping: to wake another thread takes longer than many an answer, as
 * KVM's halt polling and QEMU's I/O threads have it. A look in vain makes the next ones rarer: who
 * waits for something slow sleeps nearly always.
 */
const LOOKS_BETWEEN_CLOCKS = 32;
/** After so many looks in vain in a row, one wait of 2^n - 1 is looked at first. */
const MOST_MISSES = 8;

export class PollWindow {
  readonly windowMs: number;
  private misses = 0;
  private skips = 0;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  /** True as soon as `arrived` is; false after the window, or at once where it rarely pays. */
  look(arrived: () => boolean): boolean {
    if (this.skips > 0) {
      this.skips--;
      return false;
    }
    const untilMs = performance.now() + this.windowMs;
    do {
      for (let looks = 0; looks < LOOKS_BETWEEN_CLOCKS; looks++) {
        if (!arrived()) continue;
        this.misses = 0;
        return true;
      }
    } while (performance.now() < untilMs);
    this.misses = Math.min(this.misses + 1, MOST_MISSES);
    this.skips = 2 ** this.misses - 1;
    return false;
  }
}
