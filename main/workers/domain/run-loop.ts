/**
 * How a domain's thread spends its life: slices of guest code while there is work, sleep on the
 * doorbell while there is none (`docs/adr/0003-run-loop.md`).
 *
 * Debian's kernels tick 250 times a second even when idle. While a guest only ticks, its timer may
 * come late, so that several ticks are one wake-up: the kernel's clock does not suffer, short
 * sleeps lose precision. The slack grows with the time the guest has done nothing else, up to the
 * domain's own limit, and the first sign of work ends it (`docs/adr/0004-timer-slack.md`).
 */
import { setImmediate } from 'node:timers';
import { DomainCounter, Runstate } from '../../hypervisor/index.ts';
import type { Domain } from '../../hypervisor/index.ts';
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import { PollWindow } from '../../dom0/index.ts';
import { Throttle } from './throttle.ts';

/**
 * A slice with fewer instructions than this is a tick and no work: Linux needs five thousand for one,
 * and more for those it missed; a system call that finds something to do, several times that. Not a
 * time, for that is the host's: a busy one would take every tick for work, and have the more of them.
 */
const TICK_INSTRUCTIONS = 25_000;
/** A timer may be late by this part of the time for which the guest has been idle. */
const SLACK_OF_IDLE_TIME = 1 / 8;
/** Slices between two turns of the thread's event loop. */
const TURN_EVERY = 512;
/**
 * While the domain is sent: what V8's collector has put off is due in such a turn, and is to be over when
 * the domain stops.
 */
const TURN_EVERY_WHILE_SENT = 16;
/** Slices between two accounts. */
const ACCOUNT_EVERY = 512;
/** A disk whose data is in the machine's memory answers in this time. */
const ANSWER_MS = 0.06;

export interface RunLoopOptions {
  domain: Domain;
  doorbell: Doorbell;
  /** The most by which an idle guest's timer may be late, ms. */
  slackMs: number;
  /** Control messages and back ends: called after every ring of the doorbell. */
  drain(): void;
  /** Back ends, called after every slice: cheap when there is nothing. True: something still waits. */
  afterSlice(): boolean;
  /** Something outside was asked for what it may answer within microseconds. */
  expectsAnswer(): boolean;
  /** Called after every slice; ms until it has more to do: 0 for at once, infinity for nothing. */
  besides(): number;
  /** Called now and then, for figures that are dear to get. */
  account(): void;
}

export class RunLoop {
  /** Of a guest that writes faster than it can be moved. */
  readonly throttle = new Throttle();
  private readonly options: RunLoopOptions;
  private running = false;
  private stopRequested = false;
  /** Host time since which the guest has only ticked, ms. */
  private idleSinceMs = 0;
  /** The doorbell's count when it was listened to last. */
  private drained = 0;
  private readonly answer = new PollWindow(ANSWER_MS);

  constructor(options: RunLoopOptions) {
    this.options = options;
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** The loop ends before the next slice. */
  stop(): void {
    this.stopRequested = true;
  }

  /** Runs until `stop`; throws what `slice` throws. Guest time goes on meanwhile. */
  async run(): Promise<void> {
    const { domain, doorbell } = this.options;
    this.running = true;
    this.stopRequested = false;
    domain.engine.clock.thaw();
    domain.enter(Runstate.running);
    try {
      this.drained = doorbell.count - 1;
      await this.loop();
    } finally {
      domain.enter(Runstate.offline);
      domain.engine.clock.freeze();
      this.running = false;
    }
  }

  private async loop(): Promise<void> {
    const { domain, doorbell, afterSlice, besides, account } = this.options;
    const { processor } = domain.engine;
    const { values } = domain.counters;
    for (let slices = 0; !this.stopRequested; slices++) {
      const seen = doorbell.count;
      if (seen !== this.drained) await this.listen(seen);
      if (this.stopRequested) return;
      const startMs = performance.now();
      const executedBefore = processor.instructions;
      const idleMs = domain.slice();
      const executed = (processor.instructions - executedBefore) >>> 0;
      const tookMs = performance.now() - startMs;
      values[DomainCounter.cpuTimeMs]! += tookMs;
      const eventsBefore = values[DomainCounter.events];
      const waiting = afterSlice();
      const besidesMs = besides();
      this.throttle.ran(tookMs);
      if (this.throttle.dueMs > 0) await this.holdBack();
      const hasNews = values[DomainCounter.events] !== eventsBefore;
      if (slices % ACCOUNT_EVERY === 0) account();
      const turnEvery = besidesMs === Infinity ? TURN_EVERY : TURN_EVERY_WHILE_SENT;
      if (domain.engine.pendingCompilations > 0 || slices % turnEvery === 0) await eventLoopTurn();
      if (idleMs <= 0 || hasNews) this.idleSinceMs = performance.now();
      else if (besidesMs > 0) this.sleep(seen, waiting ? 1 : idleMs, besidesMs, executed);
    }
  }

  private async listen(seen: number): Promise<void> {
    this.drained = seen;
    this.options.drain();
    // Answers to control messages are sent from microtasks.
    await microtask();
  }

  /** The guest would run, and may not: Xen's `runnable`, which Linux counts as stolen time. */
  private async holdBack(): Promise<void> {
    const { domain, doorbell, besides } = this.options;
    const { throttle } = this;
    domain.enter(Runstate.runnable);
    const fromMs = performance.now();
    for (;;) {
      const seen = doorbell.count;
      if (seen !== this.drained) await this.listen(seen);
      const leftMs = throttle.dueMs - (performance.now() - fromMs);
      if (this.stopRequested || leftMs <= 0) break;
      const besidesMs = besides();
      if (besidesMs > 0) doorbell.wait(seen, Math.min(leftMs, besidesMs));
    }
    throttle.waited(performance.now() - fromMs);
    domain.enter(Runstate.running);
  }

  private sleep(seen: number, idleMs: number, mostMs: number, executed: number): void {
    const { domain, doorbell, slackMs, expectsAnswer } = this.options;
    const now = performance.now();
    if (executed >= TICK_INSTRUCTIONS) this.idleSinceMs = now;
    const slack = Math.min(slackMs, (now - this.idleSinceMs) * SLACK_OF_IDLE_TIME);
    domain.enter(Runstate.blocked);
    const isAnswered =
      idleMs > ANSWER_MS && expectsAnswer() && this.answer.look(() => doorbell.count !== seen);
    if (!isAnswered) doorbell.wait(seen, Math.min(idleMs + slack, mostMs));
    domain.enter(Runstate.running);
    domain.counters.values[DomainCounter.wakeups]! += 1;
    if (doorbell.count !== seen) this.idleSinceMs = performance.now();
  }
}

function microtask(): Promise<void> {
  return Promise.resolve();
}

/** One turn of the event loop: finished compilations are put in place there. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
