/**
 * A running domain into a stream: iterative pre-copy. Its thread calls `step` between slices of the
 * guest; when `ready` says so the domain is stopped, and `finish` writes what is left.
 */
import { DomusError } from '../../../shared/errors.ts';
import type { Domain } from '../../hypervisor/index.ts';
import { PAGE_SIZE } from '../../hypervisor/index.ts';
import { linkError } from '../link/link-error.ts';
import { writeFrames } from '../stream/memory-image.ts';
import { SentPages } from '../stream/sent-pages.ts';
import type { StreamReport } from '../stream/report.ts';
import { StreamWriter } from '../stream/writer.ts';
import { memoryOf, takeWritten } from './domain-memory.ts';
import type { Decision, Round, RoundUnderWay, StopReason, Terms } from './rounds.ts';
import { Precopy } from './rounds.ts';
import type { SentSections } from './send-domain.ts';
import { writeConfig, writeOwnState } from './send-domain.ts';

/** Small enough that a guest is never held up for long, and waits for little when it is stopped. */
const CHUNK_BYTES = 256 << 10;
const CHUNK_PAGES = CHUNK_BYTES / PAGE_SIZE;
/** A busy guest's slices are long: what its rate allows by then goes at once, for this long at most. */
const STEP_MS = 1;
/** How often a round that goes on is told of: as often as a person sees a bar grow. */
const TELL_MS = 100;
/** A receiver that takes nothing for so long is given up, as the ends of a flow do. */
const STALL_TIMEOUT_MS = 30_000;
/** Bytes a second: to what takes more, whole pages are there sooner than what changed in them is found. */
const LINES_PAY_BELOW = 5e9;
/** For its compilations under way. */
export const CODE_PATIENCE_MS = 200;
const NOTHING = { bytes: -1, sinceMs: 0 };

/** Where the chunks go. */
export interface LiveSink {
  /** Sent and not yet used by the receiver. */
  readonly inFlightBytes: number;
  /** Takes what came back; whether so many bytes can go without waiting. */
  hasRoom(bytes: number): boolean;
  allocate(bytes: number): Uint8Array<ArrayBuffer>;
  send(chunk: Uint8Array<ArrayBuffer>): void;
  close(): void;
  abort(error: unknown): void;
}

export interface LiveSendOptions {
  domain: Domain;
  sink: LiveSink;
  name: string;
  /** What its host's xenstore exports of it as it is now; null where nobody takes it over yet. */
  xenstore: Uint8Array | null;
  terms: Terms;
  /** Monotonic, ms. */
  now(): number;
  onRound(round: Round): void;
  /** Now and then while a round goes on. */
  onProgress?(round: RoundUnderWay): void;
  /** The guest will stand still for longer than one may expect, after one more round. */
  onLongStop(stop: LongStop): void;
  /** Takes so much of its time from the guest, 0 to 99 %. */
  slow(percent: number): void;
  /**
   * Gives the receiver what is translated of the guest's code, beside the stream: false while that
   * cannot be, for the moment. Absent where the receiver is in another process.
   */
  shareCode?(): boolean;
  /** The domain stays: {@link LiveSend.handOver} instead of {@link LiveSend.finish}. */
  checkpoints?: boolean;
}

/** A stop that a person should know of before. */
export interface LongStop {
  reason: StopReason;
  estimatedStopMs: number;
}

/** Of a stream that goes on with checkpoints. */
export interface HandedOver {
  writer: StreamWriter;
  sections: SentSections;
  sentPages: SentPages;
}

export interface LiveReport {
  rounds: Round[];
  stopReason: StopReason;
}

export class LiveSend {
  /** Settles when the domain should be stopped. */
  readonly ready: Promise<LiveReport>;
  private readonly options: LiveSendOptions;
  private readonly writer: StreamWriter;
  private readonly settled = Promise.withResolvers<LiveReport>();
  private readonly precopy: Precopy;
  private readonly sections: SentSections = new Map();
  private readonly sentPages = new SentPages();
  /** Pages are told by their lines where that is less than they are. */
  private readonly byLines: boolean;
  /** The frames of this round, ascending, and how many of them are sent. */
  private readonly frames: Uint32Array;
  private frameCount: number;
  private sent = 0;
  private startedAtMs: number;
  private toldAtMs: number;
  private bytesBefore = 0;
  private rate: number;
  private throttlePercent = 0;
  /** What was on its way when it was first waited for. */
  private waitsFor = NOTHING;
  /** Until when the code is waited for; null before it is first asked for. */
  private codeDueMs: number | null = null;
  private isCodeSettled: boolean;
  private phase: 'copying' | 'ready' | 'rest' | 'over' = 'copying';

  constructor(options: LiveSendOptions) {
    const { domain, sink, name, xenstore, terms } = options;
    this.options = options;
    this.isCodeSettled = !options.shareCode;
    this.ready = this.settled.promise;
    // Checkpoints, which come from whoever goes on with the stream, are lines above all.
    this.byLines = options.checkpoints === true || terms.linkRate < LINES_PAY_BELOW;
    this.writer = new StreamWriter((chunk) => sink.send(chunk), {
      chunkBytes: CHUNK_BYTES,
      allocate: () => sink.allocate(CHUNK_BYTES),
      live: true,
      lines: this.byLines,
      checkpoints: options.checkpoints ?? false,
    });
    this.frames = Uint32Array.from({ length: domain.memory.size / PAGE_SIZE }, (_, gfn) => gfn);
    this.frameCount = domain.physmap.ramFrames;
    this.precopy = new Precopy(terms, domain.physmap.ramFrames);
    this.rate = this.precopy.firstRate;
    this.startedAtMs = this.toldAtMs = options.now();
    writeConfig(this.writer, domain, name);
    // Most of it does not change again, and what the other side would refuse it refuses now.
    writeOwnState(this.writer, domain, this.sections);
    if (xenstore) this.writer.xenstore(xenstore);
    domain.memory.log.start();
  }

  get isReady(): boolean {
    return this.phase === 'ready';
  }

  /** What is translated of its code has not gone yet: it stood still from the first byte on. */
  get owesCode(): boolean {
    return !this.isCodeSettled;
  }

  /** Of a domain that does not run: there is nothing to wait for. */
  readyAtOnce(): Promise<LiveReport> {
    this.phase = 'ready';
    this.settled.resolve({ rounds: [], stopReason: 'paused' });
    return this.ready;
  }

  /**
   * Between slices. Sends a little, if it may; returns after how many ms to call again: 0 for at once,
   * long when the receiver must take something before.
   *
   * @throws DomusError `link.stalled`, `migration.stop-too-long`, and what the link has failed with; nothing of the stream is of use then
   */
  step(): number {
    if (this.phase !== 'copying') return Number.POSITIVE_INFINITY;
    const { sink, now } = this.options;
    const untilMs = now() + STEP_MS;
    while (this.sent < this.frameCount) {
      const nowMs = now();
      const earlyMs = this.dueMs - nowMs;
      if (earlyMs > 0) return earlyMs;
      if (nowMs > untilMs) return 0;
      if (!sink.hasRoom(2 * CHUNK_BYTES)) return this.untilGivenUp();
      this.sendSome();
    }
    if (!this.isCodeSettled && !this.settleCode()) return 1;
    this.writer.flush();
    // What is still on its way would be in the way of the next round, and of the stop.
    sink.hasRoom(0);
    if (sink.inFlightBytes > 0) return this.untilGivenUp();
    this.endRound();
    return 0;
  }

  /**
   * Of the stopped domain: the pages that are left, and its state but for xenstore's.
   *
   * @throws what the link has failed with; the receiver hears of any error
   */
  sendRest(): void {
    this.phase = 'rest';
    this.slow(0);
    this.orAbort(() => {
      const { domain } = this.options;
      this.forgetRound();
      this.takeDirty();
      domain.memory.log.stop();
      this.write(this.unsent);
      if (this.owesCode) this.settleCode();
      // On their way while the state is gathered.
      this.writer.flush();
      writeOwnState(this.writer, domain, this.sections);
      this.writer.flush();
    });
  }

  /** After {@link sendRest}. */
  finish(xenstore: Uint8Array): StreamReport {
    return this.orAbort(() => {
      this.writer.xenstore(xenstore);
      const report = this.writer.end();
      this.options.sink.close();
      this.phase = 'over';
      return report;
    });
  }

  /** The receiver must not wait for what never comes. */
  private orAbort<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.phase = 'over';
      this.options.sink.abort(error);
      throw error;
    }
  }

  /**
   * Of a stream with checkpoints: all that is left counts as written, the log stays on, and the
   * stream is the caller's to go on with.
   */
  handOver(): HandedOver {
    this.phase = 'over';
    this.forgetRound();
    return { writer: this.writer, sections: this.sections, sentPages: this.sentPages };
  }

  /** Nothing comes of it: the domain goes on here. */
  abandon(error: unknown): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    this.slow(0);
    this.options.domain.memory.log.stop();
    this.options.sink.abort(error);
    this.settled.reject(error instanceof Error ? error : new Error(String(error)));
  }

  /** When the allowed rate lets the next chunk go. */
  private get dueMs(): number {
    const bytes = this.writer.bytes - this.bytesBefore;
    return this.startedAtMs + (bytes * 1e3) / this.rate;
  }

  private get unsent(): Uint32Array {
    return this.frames.subarray(this.sent, this.frameCount);
  }

  /** What it has not sent counts as written. */
  private forgetRound(): void {
    const { memory } = this.options.domain;
    for (const gfn of this.unsent) memory.wrote(gfn * PAGE_SIZE, PAGE_SIZE);
  }

  /** The receiver must take something first: ms until it is waited for no more. */
  private untilGivenUp(): number {
    const { sink, now } = this.options;
    if (sink.inFlightBytes !== this.waitsFor.bytes) {
      this.waitsFor = { bytes: sink.inFlightBytes, sinceMs: now() };
    }
    const leftMs = this.waitsFor.sinceMs + STALL_TIMEOUT_MS - now();
    if (leftMs > 0) return leftMs;
    const what = `the other end of the link has taken nothing for ${STALL_TIMEOUT_MS} ms`;
    throw linkError('link.stalled', what, { timeoutMs: STALL_TIMEOUT_MS });
  }

  /** The memory is there, all of it once: the code can follow. False while it must be waited for. */
  private settleCode(): boolean {
    const { now, shareCode } = this.options;
    this.codeDueMs ??= now() + CODE_PATIENCE_MS;
    const isShared = shareCode?.() ?? false;
    if (isShared) this.writer.code();
    this.isCodeSettled = isShared || now() >= this.codeDueMs;
    return this.isCodeSettled;
  }

  private sendSome(): void {
    this.waitsFor = NOTHING;
    const end = Math.min(this.frameCount, this.sent + CHUNK_PAGES);
    this.write(this.frames.subarray(this.sent, end));
    this.sent = end;
    this.tellProgress();
  }

  private tellProgress(): void {
    const now = this.options.now();
    if (now - this.toldAtMs < TELL_MS) return;
    this.toldAtMs = now;
    this.options.onProgress?.({
      number: this.precopy.rounds.length + 1,
      pages: this.frameCount,
      sent: this.sent,
      bytes: this.writer.bytes - this.bytesBefore,
      ms: now - this.startedAtMs,
      rate: this.rate,
      throttlePercent: this.throttlePercent,
    });
  }

  private write(frames: Uint32Array): void {
    const again = this.precopy.rounds.length > 0;
    const lines = this.byLines ? { sent: this.sentPages, again } : null;
    writeFrames(this.writer, memoryOf(this.options.domain), frames, lines);
  }

  private endRound(): void {
    const { now } = this.options;
    const [pages, ms] = [this.frameCount, now() - this.startedAtMs];
    this.takeDirty();
    const decision = this.precopy.after({
      number: this.precopy.rounds.length + 1,
      pages,
      bytes: this.writer.bytes - this.bytesBefore,
      ms,
      dirtied: this.frameCount,
      rate: this.rate,
      throttlePercent: this.throttlePercent,
    });
    this.bytesBefore = this.writer.bytes;
    this.startedAtMs = now();
    const round = this.precopy.rounds.at(-1)!;
    this.options.onRound(round);
    this.follow(decision, round);
  }

  /** @throws DomusError `migration.stop-too-long` */
  private follow(decision: Decision, { estimatedStopMs }: Round): void {
    const { terms, onLongStop } = this.options;
    const { kind } = decision;
    if (kind === 'give-up') throw tooLong(terms, decision.reason, estimatedStopMs);
    if (kind === 'stop') {
      this.phase = 'ready';
      // It stands still now: nothing of that is to be a wait for what it owes.
      this.slow(0);
      this.settled.resolve({ rounds: this.precopy.rounds, stopReason: decision.reason });
      return;
    }
    // As at the stop, so that little of it is new then, and nothing is done for the first time. A standby
    // rehearses nothing.
    if (!this.options.checkpoints) {
      writeOwnState(this.writer, this.options.domain, this.sections);
    }
    if (kind === 'last-round') onLongStop({ reason: decision.reason, estimatedStopMs });
    this.rate = decision.rate;
    this.slow(decision.throttlePercent);
  }

  private slow(percent: number): void {
    if (percent === this.throttlePercent) return;
    this.throttlePercent = percent;
    this.options.slow(percent);
  }

  /** The next round's frames: those written since the last. */
  private takeDirty(): void {
    this.frameCount = takeWritten(this.options.domain, this.frames);
    this.sent = 0;
  }
}

function tooLong(
  { maxDowntimeMs, autoConverge }: Terms,
  reason: StopReason,
  stopMs: number,
): Error {
  const why = reason === 'few-left' ? 'the link is slow' : 'it writes faster than the link carries';
  const slowed = autoConverge ? ', slowed down as it is' : '';
  return new DomusError(
    'migration.stop-too-long',
    `${why}${slowed}, so it would stand still for about ${stopMs.toFixed(0)} ms, and ${maxDowntimeMs} ms were allowed`,
    { data: { reason, estimatedStopMs: stopMs, maxDowntimeMs } },
  );
}
