/**
 * The rounds of a live move, as arithmetic: how fast the next one goes, when there is none, and what
 * becomes of a guest that writes faster than the link carries.
 *
 * After Clark et al., "Live Migration of Virtual Machines" (NSDI 2005): the first round goes at the
 * least rate, each later one at the rate at which the guest wrote in the last, and a little more;
 * after Xen (`xc_domain_save.c`), which ends after 29 rounds or three times the memory; and after
 * QEMU's auto-converge (`migration/ram.c`), which slows the guest down by 20 %, then by 10 % more each
 * time, up to 99 %.
 *
 * It always ends: without a reason to stop there are at most 29 rounds, with one there is either the
 * next of nine steps of slowing down, or one round more at the most.
 */
import { PAGE_BYTES } from '../stream/stream.abi.ts';

export interface Pace {
  /** Bytes a second; what administrators want a move to take of the link at least, and at most. */
  least: number;
  most: number;
}

/** What a person lets a move do. */
export interface Terms {
  /** While the guest runs. */
  pace: Pace;
  /** Bytes a second that the link carries: what is left when the guest stands still has all of it. */
  linkRate: number;
  /** A guest that writes too fast is slowed down. */
  autoConverge: boolean;
  /** How long it may stand still, ms; null: nothing was said. */
  maxDowntimeMs: number | null;
  /** What cannot be done within that is done all the same, and told before; else the move fails. */
  allowLongerStop: boolean;
}

/** One round, once it is over. */
export interface Round {
  /** From 1. */
  number: number;
  /** Frames told of, with or without bytes. */
  pages: number;
  /** Of the link. */
  bytes: number;
  ms: number;
  /** Frames that the guest wrote meanwhile: the next round, or what is left for the stop. */
  dirtied: number;
  /** Bytes a second that it was allowed. */
  rate: number;
  /** The part of its time that was taken from the guest, 0 to 99. */
  throttlePercent: number;
  /** How long the guest would stand still if it were stopped now. */
  estimatedStopMs: number;
}

/** A round that goes on. */
export interface RoundUnderWay {
  number: number;
  /** That it sends in all, with or without bytes. */
  pages: number;
  /** Of them, until now. */
  sent: number;
  bytes: number;
  ms: number;
  rate: number;
  throttlePercent: number;
}

/**
 * Why there is no other round: few pages are left; what is left of a guest that was slowed down fits
 * into the stop that it may have; another one would leave as many; the guest writes faster than the
 * move may send; there were too many; too much was sent; the domain does not run.
 */
export type StopReason =
  'paused' | 'few-left' | 'short-enough' | 'no-gain' | 'too-fast' | 'rounds' | 'bytes';

/** What follows a round. */
export type Decision =
  | { kind: 'round'; rate: number; throttlePercent: number }
  /** One more round, then a stop that is longer than what one may expect: a person hears of it now. */
  | { kind: 'last-round'; rate: number; throttlePercent: number; reason: StopReason }
  | { kind: 'stop'; reason: StopReason }
  /** The stop would be longer than it may be. */
  | { kind: 'give-up'; reason: StopReason };

/** So few that another round would take longer than sending them while the guest stands still. */
const FEW_PAGES = 16;
const MOST_ROUNDS = 29;
const MOST_TIMES_MEMORY = 3;
/**
 * The second round sends whole what the guest wrote during the first; how much of such pages it changes,
 * and so how much each takes from then on, the third shows.
 */
const TELLING_ROUNDS = 3;
/** A round that leaves more than this part of what it sent is not worth what it sends. */
const NO_GAIN = 0.75;
/** 50 Mbit/s, the paper's increment. */
const INCREMENT = 6.25e6;
/** What a stop takes besides its pages, ms: state, commit, start. */
const STOP_OVERHEAD_MS = 5;
/** A stop up to this is what one may expect of a live move, where nothing else was said. */
const EXPECTED_STOP_MS = 100;
const FIRST_THROTTLE_PERCENT = 20;
const THROTTLE_STEP_PERCENT = 10;
const MOST_THROTTLE_PERCENT = 99;
/** A round below this part of its allowed rate was held up by the link, which others use too. */
const HELD_UP = 0.5;

/** What is known of a round before its stop is estimated. */
export type Measured = Omit<Round, 'estimatedStopMs'>;

export class Precopy {
  readonly rounds: Round[] = [];
  private readonly terms: Terms;
  private readonly memoryPages: number;
  private throttlePercent = 0;
  /** Why the round under way is the last. */
  private lastReason: StopReason | null = null;

  constructor(terms: Terms, memoryPages: number) {
    this.terms = terms;
    this.memoryPages = memoryPages;
  }

  get firstRate(): number {
    return this.terms.pace.least;
  }

  /** A round is over. */
  after(measured: Measured): Decision {
    const estimatedStopMs = estimateStopMs(measured, this.terms.linkRate);
    this.rounds.push({ ...measured, estimatedStopMs });
    if (this.lastReason !== null) return { kind: 'stop', reason: this.lastReason };
    const { maxDowntimeMs, allowLongerStop } = this.terms;
    const fits = estimatedStopMs <= (maxDowntimeMs ?? EXPECTED_STOP_MS);
    const reason = this.whyStop();
    if (reason === null) {
      // A guest that is slowed down is not kept so for a stop that is shorter than it need be.
      if (fits && this.throttlePercent > 0) return { kind: 'stop', reason: 'short-enough' };
      return this.another();
    }
    if (fits) return { kind: 'stop', reason };
    if (this.canSlowDown(reason)) {
      this.throttlePercent = nextThrottle(this.throttlePercent);
      return this.another();
    }
    if (maxDowntimeMs !== null && !allowLongerStop) return { kind: 'give-up', reason };
    this.lastReason = reason;
    return { ...this.another(), kind: 'last-round', reason };
  }

  private another(): Extract<Decision, { kind: 'round' }> {
    const rate = nextRate(this.rounds.at(-1)!, this.terms.pace);
    return { kind: 'round', rate, throttlePercent: this.throttlePercent };
  }

  private canSlowDown(reason: StopReason): boolean {
    const isTheGuest = reason !== 'few-left'; // what is left then is too much for the link alone
    return this.terms.autoConverge && isTheGuest && this.throttlePercent < MOST_THROTTLE_PERCENT;
  }

  private whyStop(): StopReason | null {
    const { rounds, memoryPages, terms } = this;
    const last = rounds.at(-1)!;
    if (leftBytes(last) <= FEW_PAGES * PAGE_BYTES) return 'few-left';
    if (rounds.length >= MOST_ROUNDS) return 'rounds';
    const sent = rounds.reduce((sum, { bytes }) => sum + bytes, 0);
    if (sent > MOST_TIMES_MEMORY * memoryPages * PAGE_BYTES) return 'bytes';
    if (rounds.length < TELLING_ROUNDS) return null;
    if (last.dirtied >= NO_GAIN * last.pages) return 'no-gain';
    const { most } = terms.pace;
    return writeRate(last) + INCREMENT > most && last.rate >= most ? 'too-fast' : null;
  }
}

/** Bytes a second for the round after `last`. */
function nextRate(last: Measured, { least, most }: Pace): number {
  return Math.min(most, Math.max(least, writeRate(last) + INCREMENT));
}

function nextThrottle(percent: number): number {
  if (percent === 0) return FIRST_THROTTLE_PERCENT;
  return Math.min(MOST_THROTTLE_PERCENT, percent + THROTTLE_STEP_PERCENT);
}

/** How long a stop now would be: the pages that are left, as fast as the link carries them. */
function estimateStopMs(last: Measured, linkRate: number): number {
  const { bytes, ms, rate } = last;
  const carried = (bytes * 1e3) / Math.max(ms, 1);
  const speed = carried < HELD_UP * rate ? carried : linkRate;
  return STOP_OVERHEAD_MS + (leftBytes(last) * 1e3) / Math.max(speed, 1);
}

function writeRate(last: Measured): number {
  return (leftBytes(last) * 1e3) / Math.max(last.ms, 1);
}

/**
 * What the pages that were written meanwhile take of the link: whole ones after the first round, later
 * as much each as those of this round, most of which went as the lines that had changed.
 */
function leftBytes({ number, pages, bytes, dirtied }: Measured): number {
  const each = number === 1 ? PAGE_BYTES : Math.min(PAGE_BYTES, bytes / Math.max(pages, 1));
  return dirtied * each;
}
