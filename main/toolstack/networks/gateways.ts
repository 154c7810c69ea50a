/** The gateways' worker, started again when it dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventBook } from '../events/event-book.ts';
import type { LogLevel } from '../log/line.ts';
import type { GatewayLink, GatewayWorkerFactory } from './gateway-link.ts';
import { startGateways } from './gateway-link.ts';

/** It is started again after this, doubled at each failure in a row. */
const RESTART_AFTER_MS = 500;
const RESTART_AT_MOST_MS = 30_000;
/** One that lived so long did not fail for what it was told at its start. */
const SOUND_AFTER_MS = 60_000;

export interface GatewaysOptions {
  factory: GatewayWorkerFactory;
  events: EventBook;
  log(level: LogLevel, message: string, uuid?: string | null): void;
  /** A new worker, which knows nothing. */
  up(link: GatewayLink): void;
  down(): void;
  addressTaken(mac: string): void;
}

export class Gateways {
  private readonly options: GatewaysOptions;
  private link: GatewayLink | null = null;
  private waitMs = RESTART_AFTER_MS;
  private isClosed = false;

  constructor(options: GatewaysOptions) {
    this.options = options;
  }

  /** Whether it is the worker that there is now. */
  isCurrent(link: GatewayLink): boolean {
    return this.link === link;
  }

  start(): void {
    const link = startGateways(this.options.factory);
    const startedAtMs = performance.now();
    this.link = link;
    link.on('log', ({ level, source, message, uuid }) =>
      this.options.log(level, `${source}: ${message}`, uuid),
    );
    link.on('address.taken', ({ mac }) => this.options.addressTaken(mac));
    void link.exited.then((reason) => this.exited(reason, performance.now() - startedAtMs));
    this.options.up(link);
  }

  /** Ends the worker: for tests of what survives its death. */
  async kill(): Promise<void> {
    await this.link?.terminate();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.link?.terminate();
  }

  private exited(reason: string, livedMs: number): void {
    this.link = null;
    if (this.isClosed) return;
    this.options.down();
    this.options.events.add(
      'error',
      'gateways.died',
      `The gateways of all networks are gone: ${reason}. They are started again; connections to the outside and through forwards are lost.`,
    );
    this.waitMs = livedMs > SOUND_AFTER_MS ? RESTART_AFTER_MS : this.waitMs * 2;
    void sleep(Math.min(this.waitMs, RESTART_AT_MOST_MS), undefined, { ref: false }).then(() => {
      if (!this.isClosed) this.start();
    });
  }
}
