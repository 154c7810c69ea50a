/**
 * Keeps one API connection open: connects, waits with back-off when that fails or the connection
 * ends, and connects again. Calls go through whichever connection is open now.
 */
import type { ClientContext, ClientLink, ClientOptions } from '@orpc/client';
import { DomusError } from '../../shared/errors.ts';
import { Value } from '../state/value.ts';
import type { Connection } from './transport.ts';

export interface OpenConnection {
  readonly link: ClientLink<ClientContext>;
  /** Settles when the connection is gone; never rejects. */
  readonly ended: Promise<void>;
}

/** Thrown by a connect function when trying again cannot help. */
export class ConnectionRefusal extends Error {
  override readonly name = 'ConnectionRefusal';
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;
/** A connection that ends sooner than this does not reset the back-off. */
const STEADY_MS = 5000;

export class Reconnector implements ClientLink<ClientContext> {
  readonly connection = new Value<Connection>({ state: 'connecting', attempt: 0 });
  private readonly connect: () => Promise<OpenConnection>;
  private open: OpenConnection | null = null;
  private knock: (() => void) | null = null;

  constructor(connect: () => Promise<OpenConnection>) {
    this.connect = connect;
  }

  /** Runs until the page goes away. */
  async run(): Promise<never> {
    for (let attempt = 0; ;) {
      this.connection.set({ state: 'connecting', attempt });
      const outcome = await this.once();
      attempt = outcome === 'steady' ? 1 : attempt + 1;
      if (outcome instanceof ConnectionRefusal) {
        this.connection.set({ state: 'refused', reason: outcome.message });
        await this.wait(null);
        continue;
      }
      const delayMs = backOffMs(attempt);
      this.connection.set({ state: 'waiting', attempt, retryAtMs: Date.now() + delayMs });
      await this.wait(delayMs);
    }
  }

  connectNow(): void {
    this.knock?.();
  }

  async call(
    path: readonly string[],
    input: unknown,
    options: ClientOptions<ClientContext>,
  ): Promise<unknown> {
    const open = this.open;
    if (open === null) throw lost();
    try {
      return await open.link.call(path, input, options);
    } catch (error) {
      // A call that was under way when the connection ended fails with the library's own error.
      throw this.open === open ? error : lost();
    }
  }

  private async once(): Promise<'steady' | 'short' | ConnectionRefusal> {
    try {
      this.open = await this.connect();
    } catch (error) {
      return error instanceof ConnectionRefusal ? error : 'short';
    }
    const sinceMs = performance.now();
    this.connection.set({ state: 'connected' });
    await this.open.ended;
    this.open = null;
    return performance.now() - sinceMs >= STEADY_MS ? 'steady' : 'short';
  }

  private wait(delayMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = delayMs === null ? undefined : setTimeout(() => this.knock?.(), delayMs);
      this.knock = () => {
        clearTimeout(timer);
        this.knock = null;
        resolve();
      };
    });
  }
}

/** Doubles up to the longest, less up to a quarter, so that many windows do not knock together. */
export function backOffMs(attempt: number, random: () => number = Math.random): number {
  const fullMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return Math.round(fullMs * (1 - random() / 4));
}

function lost(): DomusError {
  return new DomusError(
    'connection.lost',
    'Domus cannot be reached at the moment. The connection is tried again by itself.',
  );
}
