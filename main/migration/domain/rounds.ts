/**
 * The rounds of a live move, as arithmetic: how fast the next one goes, and when there is none.
 *
 * After Clark et al., "Live Migration of Virtual Machines" (NSDI 2005): the first round goes at the
 * least rate, each later one at the rate at which the guest wrote in the last, and a little more; and
 * after Xen (`xc_domain_save.c`), which ends after 29 rounds or three times the memory.
 */
import { PAGE_BYTES } from '../stream/stream.abi.ts';

export interface Pace {
  /** Bytes a second; what administrators want a move to take of the link at least, and at most. */
  least: number;
  most: number;
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
  /** How long the guest would stand still if it were stopped now. */
  estimatedStopMs: number;
}

/**
 * Why there is no other round: few pages are left; another one would leave as many; the guest
 * writes faster than the move may send; there were too many; too much was sent; the domain does not
 * run.
 */
export type StopReason = 'paused' | 'few-left' | 'no-gain' | 'too-fast' | 'rounds' | 'bytes';

/** So few that another round would take longer than sending them while the guest stands still. */
const FEW_PAGES = 50;
const MOST_ROUNDS = 29;
const MOST_TIMES_MEMORY = 3;
/** A round that leaves more than this part of what it sent gains nothing. */
const NO_GAIN = 0.9;
/** 50 Mbit/s, the paper's increment. */
const INCREMENT = 6.25e6;

/** Why the round that just ended was the last; null: another. */
export function whyStop(
  rounds: readonly Round[],
  pace: Pace,
  memoryPages: number,
): StopReason | null {
  const last = rounds.at(-1);
  if (!last) return null;
  if (last.dirtied <= FEW_PAGES) return 'few-left';
  if (rounds.length >= MOST_ROUNDS) return 'rounds';
  const sent = rounds.reduce((sum, { bytes }) => sum + bytes, 0);
  if (sent > MOST_TIMES_MEMORY * memoryPages * PAGE_BYTES) return 'bytes';
  if (rounds.length >= 2 && last.dirtied >= NO_GAIN * last.pages) return 'no-gain';
  if (writeRate(last) + INCREMENT > pace.most && last.rate >= pace.most && rounds.length >= 2)
    return 'too-fast';
  return null;
}

/** Bytes a second for the next round. */
export function nextRate(rounds: readonly Round[], { least, most }: Pace): number {
  const last = rounds.at(-1);
  return last ? Math.min(most, Math.max(least, writeRate(last) + INCREMENT)) : least;
}

function writeRate({ dirtied, ms }: Round): number {
  return (dirtied * PAGE_BYTES * 1e3) / Math.max(ms, 1);
}
