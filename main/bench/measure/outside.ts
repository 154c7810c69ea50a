/** What somebody outside of a guest sees of it: when answers came, and how long there were none. */
import { median } from '../statistics/statistics.ts';

/** Milliseconds that agree between the threads of a process; from a point of the system's choice. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export interface Silence {
  fromMs: number;
  ms: number;
}

/**
 * The longest time between two neighbours of `timesMs`, which are in order, or between one of the
 * ends of `[fromMs, toMs]` and the one next to it: nothing in there is nothing but silence.
 */
export function longestSilence(timesMs: readonly number[], fromMs: number, toMs: number): Silence {
  const longest = { fromMs, ms: 0 };
  let last = fromMs;
  for (const time of [...timesMs.filter((each) => each > fromMs && each < toMs), toMs]) {
    if (time - last > longest.ms) Object.assign(longest, { fromMs: last, ms: time - last });
    last = time;
  }
  return longest;
}

/** What is usual between two answers: the median. NaN where fewer than two came. */
export function usualSilenceMs(timesMs: readonly number[], fromMs: number, toMs: number): number {
  const within = timesMs.filter((time) => time >= fromMs && time <= toMs);
  if (within.length < 2) return NaN;
  return median(within.slice(1).map((time, index) => time - within[index]!));
}

/** Something that was done: when it was over, and how long it took. */
export interface Done {
  atMs: number;
  tookMs: number;
}

/** How speed is told of what was done in a window of time; 0 where nothing was. */
export type Speed = (done: readonly Done[], windowMs: number) => number;

/** As often as it was done, a second: of a guest that works as fast as it can. */
export const rate: Speed = (done, windowMs) => (done.length * 1000) / windowMs;

/**
 * As quickly as it is done, a second: of a guest that waits for requests, whose rate is that of
 * those who ask.
 */
export const quickness: Speed = (done) =>
  done.length === 0 ? 0 : 1000 / median(done.map(({ tookMs }) => tookMs));

/** In `[fromMs, fromMs + windowMs)`. */
export function speedIn(
  speed: Speed,
  done: readonly Done[],
  fromMs: number,
  windowMs: number,
): number {
  const within = done.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + windowMs);
  return speed(within, windowMs);
}

const STEP_MS = 10;

/**
 * Milliseconds from `fromMs` to the first window of `windowMs` in which the speed is at least
 * `wanted`; null where there is none that ends before `toMs`.
 */
export function recoveryMs(
  speed: Speed,
  done: readonly Done[],
  {
    fromMs,
    toMs,
    windowMs,
    wanted,
  }: { fromMs: number; toMs: number; windowMs: number; wanted: number },
): number | null {
  for (let at = fromMs; at + windowMs <= toMs; at += STEP_MS) {
    if (speedIn(speed, done, at, windowMs) >= wanted) return at - fromMs;
  }
  return null;
}
