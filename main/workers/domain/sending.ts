/** A domain on its way out of its thread: rounds between its slices, the rest when it stands still. */
import { DomusError } from '../../../shared/errors.ts';
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import type { Domain } from '../../hypervisor/index.ts';
import { BlockingLinkSender, CODE_PATIENCE_MS, LiveSend } from '../../migration/index.ts';
import type { LiveSendOptions } from '../../migration/index.ts';
import { codeBeside } from './code-beside.ts';
import type { DomainDisks } from './domain-disks.ts';
import type { DomainCalls } from './domain.contract.ts';
import { eventLoopTurn } from './run-loop.ts';
import type { RunLoop } from './run-loop.ts';
import { peerOf, summaryOf } from './stream-ends.ts';

/** A few milliseconds of a fast link: what is on its way is in the way of the last pages. */
const WINDOW_BYTES = 2 << 20;
const UNDONE = 'the domain goes on where it was';

export interface SentDomainParts {
  domain: Domain;
  disks: DomainDisks;
  loop: RunLoop;
  doorbell: Doorbell;
}

type Listener = Pick<LiveSendOptions, 'onRound' | 'onProgress' | 'onLongStop'>;

export class Sending {
  private readonly parts: SentDomainParts;
  private readonly live: LiveSend;
  /** All that is sent of the stopped domain but the end. */
  private rest: Promise<void> | null = null;
  /** It is over, or taken back: nothing is sent any more. */
  private isOver = false;

  /** Begins: {@link step} goes on. */
  constructor(
    parts: SentDomainParts,
    { link, name, xenstore, terms, code, peerDoorbell }: DomainCalls['presend']['params'],
    listener: Listener,
  ) {
    const { domain, doorbell, loop } = parts;
    this.parts = parts;
    this.live = new LiveSend({
      domain,
      sink: new BlockingLinkSender(link, doorbell, {
        windowBytes: WINDOW_BYTES,
        ...peerOf(peerDoorbell),
      }),
      name,
      xenstore,
      terms,
      now: () => performance.now(),
      slow: (percent) => loop.throttle.set(percent),
      ...listener,
      ...codeBeside(domain, code),
    });
  }

  /**
   * Settles when the domain stands still for the rest, which then leaves by itself.
   *
   * @throws DomusError `migration.undone`, and what the link has failed with
   */
  async untilStopped(
    pause: () => Promise<{ stoppedAtMs: number }>,
  ): Promise<DomainCalls['presend']['result']> {
    const { loop } = this.parts;
    // Of a paused domain all goes with the stop.
    const report = await (loop.isRunning ? this.live.ready : this.live.readyAtOnce());
    // Taken back in the meantime: it goes on.
    if (this.isOver) throw new DomusError('migration.undone', UNDONE);
    const { stoppedAtMs } = await pause();
    // The answer leaves first: while the host asks its xenstore, the rest goes.
    this.rest = eventLoopTurn().then(() => this.sendRest());
    this.rest.catch(() => undefined); // told by `end`
    return { ...report, stoppedAtMs };
  }

  /** Between two slices of the guest; ms until there is more to do. */
  step(): number {
    if (this.isOver || this.live.isReady) return Number.POSITIVE_INFINITY;
    const { doorbell } = this.parts;
    try {
      const waitMs = this.live.step();
      // What it settles comes to pass when the loop turns to the doorbell, before another slice.
      if (this.live.isReady) doorbell.ring();
      return waitMs;
    } catch (error) {
      this.isOver = true;
      this.live.abandon(error);
      doorbell.ring();
      return Number.POSITIVE_INFINITY;
    }
  }

  /** Ends the stream with the domain's part of xenstore. */
  async end(xenstore: Uint8Array): Promise<DomainCalls['send']['result']> {
    await this.rest;
    if (this.isOver) throw new DomusError('migration.undone', UNDONE);
    this.isOver = true;
    return summaryOf(this.live.finish(xenstore));
  }

  /** The domain goes on here. */
  abandon(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.live.abandon(new DomusError('migration.undone', UNDONE));
  }

  private async sendRest(): Promise<void> {
    const { disks, domain, doorbell } = this.parts;
    const untilMs = performance.now() + CODE_PATIENCE_MS;
    const isCompiling = (): boolean => domain.engine.pendingCompilations > 0;
    while (this.live.owesCode && isCompiling() && performance.now() < untilMs)
      await eventLoopTurn();
    if (this.isOver) return;
    disks.quiesce(doorbell);
    this.live.sendRest();
  }
}
