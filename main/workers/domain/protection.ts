/**
 * Continuous protection of the domain of this thread: checkpoints between its slices, its output held
 * until the standby has them (`docs/adr/0016-continuous-protection.md`).
 *
 * When the standby is lost nothing leaves before `end`: until somebody has decided that the standby will
 * never run, it may.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import type { Domain } from '../../hypervisor/index.ts';
import { BlockingLinkSender, Checkpoints } from '../../migration/index.ts';
import type { Pace, Round, TakenCheckpoint } from '../../migration/index.ts';
import type { CheckpointFigures } from '../../toolstack/control/host.contract.ts';
import type { DomainOutput } from './held-output.ts';

/** Two checkpoints of a guest that writes much: it waits for no credit in between. */
const WINDOW_BYTES = 8 << 20;
/** The host's thread answers within a turn of its event loop. */
const STORE_TIMEOUT_MS = 5_000;
/** How often one hears of checkpoints. */
const TELL_EVERY_MS = 1_000;

export interface ProtectionOptions {
  domain: Domain;
  doorbell: Doorbell;
  /** To the standby. */
  link: MessagePort;
  /** To the host's thread: asked for the domain's part of xenstore, answers with it. */
  store: MessagePort;
  name: string;
  pace: Pace;
  intervalMs: number;
  output: DomainOutput;
  /** As of `LiveSend`. */
  shareCode?(): boolean;
  onRound(round: Round): void;
  onFigures(figures: CheckpointFigures): void;
  /** There will be no checkpoint any more. Nothing leaves until `end`. */
  onLost(reason: string): void;
}

export class Protection {
  /** Settles when the standby has the first checkpoint. */
  readonly established: Promise<void>;
  private readonly options: ProtectionOptions;
  private readonly checkpoints: Checkpoints;
  private readonly first = Promise.withResolvers<void>();
  private untold: TakenCheckpoint[] = [];
  private toldAtMs = Number.NEGATIVE_INFINITY;
  private isOver = false;

  constructor(options: ProtectionOptions) {
    const { domain, doorbell, link, name, pace, intervalMs, output, onRound, shareCode } = options;
    this.options = options;
    this.established = this.first.promise;
    this.established.catch(() => undefined);
    this.checkpoints = new Checkpoints({
      domain,
      link: new BlockingLinkSender(link, doorbell, { windowBytes: WINDOW_BYTES }),
      name,
      pace,
      intervalMs,
      output,
      xenstore: () => this.askStore(),
      now: () => performance.now(),
      onRound,
      ...(shareCode && { shareCode }),
      onCheckpoint: (taken) => this.tell(taken),
    });
  }

  /** Between two slices; ms until there is more to do. */
  step(): number {
    if (this.isOver) return Number.POSITIVE_INFINITY;
    try {
      return this.checkpoints.step();
    } catch (error) {
      this.stop(error);
      this.options.onLost(error instanceof Error ? error.message : String(error));
      return Number.POSITIVE_INFINITY;
    }
  }

  /** The standby will never run: what is held leaves, and so does all that follows. */
  end(): void {
    this.stop(new DomusError('protection.ended', 'the domain is not protected any more'));
    this.options.output.letGo();
  }

  /**
   * The guest has ended by itself. Until the toolstack knows, its standby may run: what it said is shown,
   * and nothing more is done to its disks, which a standby would find newer than its memory.
   */
  guestEnded(): void {
    this.stop(new DomusError('protection.ended', 'the guest has ended'));
    this.options.output.sayLastWords();
  }

  private stop(reason: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.checkpoints.end(reason);
    this.options.store.close();
    this.first.reject(reason instanceof Error ? reason : new Error(String(reason)));
    this.options.doorbell.ring();
  }

  private tell(taken: TakenCheckpoint): void {
    const { doorbell, onFigures } = this.options;
    this.untold.push(taken);
    const nowMs = performance.now();
    if (taken.number > 1 && nowMs - this.toldAtMs < TELL_EVERY_MS) return;
    const sum = (of: (each: TakenCheckpoint) => number): number =>
      this.untold.reduce((total, each) => total + of(each), 0) / this.untold.length;
    onFigures({
      checkpoints: taken.number,
      perSecond: taken.number > 1 ? (this.untold.length * 1e3) / (nowMs - this.toldAtMs) : 0,
      lastAtMs: Date.now() - taken.ms,
      stoppedMs: sum(({ stoppedMs }) => stoppedMs),
      acknowledgedAfterMs: sum(({ ms }) => ms),
      pages: Math.round(sum(({ pages }) => pages)),
      bytes: Math.round(sum(({ bytes }) => bytes)),
    });
    this.untold = [];
    this.toldAtMs = nowMs;
    if (taken.number > 1) return;
    this.first.resolve();
    // Its answer leaves when the loop turns to the doorbell.
    doorbell.ring();
  }

  /** The domain stands still meanwhile. */
  private askStore(): Uint8Array {
    const { store, doorbell } = this.options;
    store.postMessage(null);
    const deadlineMs = performance.now() + STORE_TIMEOUT_MS;
    for (;;) {
      const seen = doorbell.count;
      const answer = receiveMessageOnPort(store) as { message: Uint8Array } | undefined;
      if (answer) return answer.message;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw new Error('its host does not say what xenstore has of the domain');
      doorbell.wait(seen, leftMs);
    }
  }
}
