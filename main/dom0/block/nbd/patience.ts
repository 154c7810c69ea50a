/** How long a server that is away is waited for, and how often it is tried. */
import { setTimeout as delay } from 'node:timers/promises';

/** Of the pauses between attempts, in times of the first; each is twice the one before. */
const LONGEST_PAUSE = 20;

export class Patience {
  private readonly lengthMs: number;
  /** Null while the server answers. */
  private sinceMs: number | null = null;
  private readonly firstPauseMs: number;
  private pauseMs = 0;

  constructor(lengthMs: number, firstPauseMs: number) {
    this.lengthMs = lengthMs;
    this.firstPauseMs = firstPauseMs;
  }

  /** Somebody waits for the server, from now on or already. */
  begin(): void {
    this.sinceMs ??= performance.now();
  }

  /** The server answered. A connection alone is no answer: some servers die of what they are asked. */
  answered(): void {
    this.sinceMs = null;
    this.pauseMs = 0;
  }

  /** From then on there is one attempt for whoever asks, until the server answers. */
  get isOver(): boolean {
    return this.sinceMs !== null && performance.now() - this.sinceMs >= this.lengthMs;
  }

  /** Before an attempt: none before the first. */
  async pause(signal: AbortSignal): Promise<void> {
    const { pauseMs } = this;
    this.pauseMs = Math.min(LONGEST_PAUSE * this.firstPauseMs, pauseMs * 2 || this.firstPauseMs);
    if (pauseMs > 0) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
