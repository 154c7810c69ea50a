/** How long to wait for an acknowledgment (RFC 6298). */
const INITIAL_MS = 1000;
/** The wire is inside one machine: less than RFC 6298's second, as Linux has it. */
const MIN_MS = 200;
const MAX_MS = 60_000;

export class RoundTrip {
  private smoothedMs: number | null = null;
  private variationMs = 0;
  private backoff = 0;

  sample(rttMs: number): void {
    if (this.smoothedMs === null) {
      this.smoothedMs = rttMs;
      this.variationMs = rttMs / 2;
      return;
    }
    this.variationMs = 0.75 * this.variationMs + 0.25 * Math.abs(this.smoothedMs - rttMs);
    this.smoothedMs = 0.875 * this.smoothedMs + 0.125 * rttMs;
  }

  get timeoutMs(): number {
    const { smoothedMs, variationMs } = this;
    const base = smoothedMs === null ? INITIAL_MS : Math.max(MIN_MS, smoothedMs + 4 * variationMs);
    return Math.min(MAX_MS, base * 2 ** this.backoff);
  }

  /** Timeouts since something was heard. */
  get timeouts(): number {
    return this.backoff;
  }

  timedOut(): void {
    this.backoff++;
  }

  heard(): void {
    this.backoff = 0;
  }
}
