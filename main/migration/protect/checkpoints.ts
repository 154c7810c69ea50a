/**
 * Continuous protection, the running side (Remus; Cully et al., NSDI 2008): a copy of the domain
 * while it runs, then checkpoints for as long as it lives. For each the domain stands still while
 * what it wrote since the last one, and its state, are copied aside; it goes on while that crosses
 * the link. What it sends meanwhile is held by its owner until the other side has the whole
 * checkpoint, checked and put in place.
 *
 * The next checkpoint is not taken before: what waits is bounded by one, and a guest that writes
 * faster than the link carries has fewer of them.
 *
 * Its thread calls `step` between slices of the guest.
 */
import type { Domain } from '../../hypervisor/index.ts';
import { PAGE_SIZE } from '../../hypervisor/index.ts';
import { memoryOf, takeWritten } from '../domain/domain-memory.ts';
import type { HandedOver, LiveSink } from '../domain/live-send.ts';
import { LiveSend } from '../domain/live-send.ts';
import type { Pace, Round } from '../domain/rounds.ts';
import { writeState } from '../domain/send-domain.ts';
import { writeFrames } from '../stream/memory-image.ts';
import { StagedSink } from './staged-sink.ts';

/** Whatever the other side does not answer for so long will not come. */
const SILENCE_MS = 10_000;

/** One checkpoint, once the other side has it. */
export interface TakenCheckpoint {
  /** From 1. */
  number: number;
  /** Frames told of. */
  pages: number;
  bytes: number;
  /** How long the domain stood still for it. */
  stoppedMs: number;
  /** From the moment it shows to the acknowledgement. */
  ms: number;
}

/** What the domain sends, as its owner holds it back. */
export interface HeldOutput {
  /** From now on nothing leaves. */
  hold(): void;
  /** Of the domain that stands still: all up to here belongs to this checkpoint. JSON. */
  mark(): unknown;
  /** The other side has the last mark's checkpoint: what came before it may leave. */
  release(): void;
}

export interface CheckpointsOptions {
  domain: Domain;
  /** The way to the other side. */
  link: LiveSink;
  name: string;
  pace: Pace;
  /** Between the beginnings of two checkpoints, ms. */
  intervalMs: number;
  output: HeldOutput;
  /** Of the domain that stands still: its part of its host's xenstore. May wait for it. */
  xenstore(): Uint8Array;
  /** Monotonic, ms. */
  now(): number;
  /** As of {@link LiveSend}. */
  shareCode?(): boolean;
  onRound(round: Round): void;
  onCheckpoint(taken: TakenCheckpoint): void;
}

export class Checkpoints {
  private readonly options: CheckpointsOptions;
  private readonly sink: StagedSink;
  private readonly copy: LiveSend;
  private readonly frames: Uint32Array;
  private stream: HandedOver | null = null;
  /** What the other side does not have yet. */
  private underWay: Omit<TakenCheckpoint, 'ms'> | null = null;
  private takenAtMs = Number.NEGATIVE_INFINITY;
  private heardAtMs: number;
  private inFlightBefore = 0;
  private count = 0;
  private over = false;

  constructor(options: CheckpointsOptions) {
    const { domain, name, pace, now, onRound } = options;
    this.options = options;
    this.sink = new StagedSink(options.link);
    this.frames = new Uint32Array(domain.memory.size / PAGE_SIZE);
    this.heardAtMs = now();
    this.copy = new LiveSend({
      domain,
      sink: this.sink,
      name,
      // Its standby takes nothing over before the first checkpoint.
      xenstore: null,
      // It does not have to converge: what is left goes with the first checkpoint, while it runs.
      terms: {
        pace,
        linkRate: pace.most,
        autoConverge: false,
        maxDowntimeMs: null,
        allowLongerStop: true,
      },
      now,
      onRound,
      onLongStop: () => undefined,
      slow: () => undefined,
      checkpoints: true,
      ...(options.shareCode && { shareCode: options.shareCode }),
    });
    // It fails by what `step` throws; nobody waits for it.
    this.copy.ready.catch(() => undefined);
  }

  /**
   * Returns after how many ms there is more to do: 0 for at once, infinity when the other side must
   * answer before.
   *
   * @throws what the link has failed with: there will be no checkpoint any more
   */
  step(): number {
    if (this.over) return Number.POSITIVE_INFINITY;
    if (!this.stream && !this.copy.isReady) return this.copy.step();
    if (!this.stream) {
      this.options.output.hold();
      this.sink.hold();
      this.stream = this.copy.handOver();
      this.take(this.stream);
    }
    return this.goOn(this.stream);
  }

  /** Between slices. What is held stays held. */
  end(reason: unknown): void {
    if (this.over) return;
    this.over = true;
    if (this.stream) this.sink.abort(reason);
    else this.copy.abandon(reason);
    this.options.domain.memory.log.stop();
  }

  private goOn(stream: HandedOver): number {
    const { now, intervalMs } = this.options;
    this.sink.pump();
    if (this.underWay) {
      if (this.sink.inFlightBytes > 0) return this.patience();
      this.acknowledged(this.underWay);
    }
    const earlyMs = this.takenAtMs + intervalMs - now();
    if (earlyMs > 0) return earlyMs;
    this.take(stream);
    return 0;
  }

  /** For how long the other side may still be silent, ms. @throws Error after that */
  private patience(): number {
    const nowMs = this.options.now();
    const { inFlightBytes } = this.sink;
    if (inFlightBytes !== this.inFlightBefore) this.heardAtMs = nowMs;
    this.inFlightBefore = inFlightBytes;
    const leftMs = this.heardAtMs + SILENCE_MS - nowMs;
    if (leftMs > 0) return leftMs;
    throw new Error(`the standby has been silent for ${SILENCE_MS / 1000} s`);
  }

  private take({ writer, sections, sentPages }: HandedOver): void {
    const { domain, output, xenstore, now } = this.options;
    const { engine } = domain;
    const startMs = now();
    const bytesBefore = writer.bytes;
    engine.clock.freeze();
    try {
      const store = xenstore();
      const pages = takeWritten(domain, this.frames);
      const lines = { sent: sentPages, again: true };
      writeFrames(writer, memoryOf(domain), this.frames.subarray(0, pages), lines);
      writeState(writer, domain, store, sections);
      writer.checkpoint(output.mark());
      const stoppedMs = now() - startMs;
      [this.takenAtMs, this.heardAtMs] = [startMs, now()];
      const bytes = writer.bytes - bytesBefore;
      this.underWay = { number: ++this.count, pages, bytes, stoppedMs };
    } finally {
      // Many short stops would make its clock run slow.
      engine.clock.catchUp();
    }
  }

  private acknowledged(underWay: Omit<TakenCheckpoint, 'ms'>): void {
    const { output, now, onCheckpoint } = this.options;
    this.underWay = null;
    output.release();
    onCheckpoint({ ...underWay, ms: now() - this.takenAtMs });
  }
}
