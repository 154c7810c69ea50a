import type { ErrorData } from '../../shared/errors.ts';
import { errorDataOf } from '../site/error-data.ts';
import { Value } from '../state/value.ts';

export interface TargetState {
  /** What a person asked for and the site has not confirmed yet; null when there is nothing. */
  readonly askedMiB: number | null;
  /** Why the last value was refused. */
  readonly refusal: ErrorData | null;
}

const IDLE: TargetState = { askedMiB: null, refusal: null };
/** While a slider is dragged it asks at most this often. */
const INTERVAL_MS = 100;

/**
 * Sends the values of a control that moves faster than commands should: one call at a time, not
 * more often than every {@link INTERVAL_MS}, values in between are left out, the last one is
 * always sent.
 */
export class TargetSender {
  readonly state = new Value<TargetState>(IDLE);
  private readonly send: (mib: number) => Promise<unknown>;
  private wanted: number | null = null;
  private isSending = false;

  constructor(send: (mib: number) => Promise<unknown>) {
    this.send = send;
  }

  ask(mib: number): void {
    this.wanted = mib;
    this.state.set({ askedMiB: mib, refusal: null });
    if (!this.isSending) void this.drain();
  }

  /** Takes a refusal off the screen. */
  dismiss(): void {
    if (this.state.get().refusal !== null) this.state.set(IDLE);
  }

  private async drain(): Promise<void> {
    this.isSending = true;
    while (this.wanted !== null) {
      const mib = this.wanted;
      this.wanted = null;
      const [outcome] = await Promise.all([this.attempt(mib), pause(INTERVAL_MS)]);
      // Read anew: a later value may have been asked for meanwhile.
      if (this.nothingWanted()) this.state.set({ askedMiB: null, refusal: outcome });
    }
    this.isSending = false;
  }

  private nothingWanted(): boolean {
    return this.wanted === null;
  }

  private async attempt(mib: number): Promise<ErrorData | null> {
    try {
      await this.send(mib);
      return null;
    } catch (error) {
      return errorDataOf(error);
    }
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
