/**
 * A rate limit: `rate` tokens a second flow in, up to `burst`. Whoever takes more than there is goes
 * into debt and waits until it is paid, so that one frame larger than the burst still passes.
 */
export interface RateLimit {
  /** Tokens a second: bytes, or frames. */
  readonly rate: number;
  readonly burst: number;
}

export class TokenBucket {
  private readonly limit: RateLimit;
  private tokens: number;
  private filledMs: number;

  /** @throws RangeError for a limit that lets nothing pass */
  constructor(limit: RateLimit, nowMs: number) {
    if (!(limit.rate > 0) || !(limit.burst > 0)) {
      throw new RangeError(`no rate limit: ${JSON.stringify(limit)}`);
    }
    this.limit = limit;
    this.tokens = limit.burst;
    this.filledMs = nowMs;
  }

  /** False, and takes nothing, while there is none. */
  take(count: number, nowMs: number): boolean {
    this.fill(nowMs);
    if (this.tokens <= 0) return false;
    this.tokens -= count;
    return true;
  }

  /** How long until {@link take} succeeds: 0 for at once. */
  waitMs(nowMs: number): number {
    this.fill(nowMs);
    return this.tokens > 0 ? 0 : ((1 - this.tokens) / this.limit.rate) * 1000;
  }

  private fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.filledMs);
    this.filledMs = nowMs;
    const filled = this.tokens + (elapsedMs * this.limit.rate) / 1000;
    this.tokens = Math.min(this.limit.burst, filled);
  }
}
