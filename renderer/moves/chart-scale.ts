/** Where values lie in a chart's height, and which of them its axis names. Axes begin at zero. */

export interface Scale {
  /** From the top of the plot, px. */
  y(value: number): number;
  readonly ticks: readonly number[];
}

/** Between two names of an axis, px. */
const TICK_SPACE = 24;

/**
 * By the square root: a first round of thirty thousand pages and a last one of fifty are both seen,
 * and still twice the height is more, never less.
 */
export function rootScale(values: readonly number[], height: number, leastTop: number): Scale {
  const top = niceAbove(Math.max(leastTop, ...values));
  const y = (value: number): number => height * (1 - Math.sqrt(Math.max(0, value) / top));
  return { y, ticks: spaced(top, y, height) };
}

export function linearScale(values: readonly number[], height: number, leastTop: number): Scale {
  const top = niceAbove(Math.max(leastTop, ...values));
  const y = (value: number): number => height * (1 - Math.max(0, value) / top);
  return { y, ticks: spaced(top, y, height) };
}

/** The first round number that is not below; close to it, since what is above is empty. */
export function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 1.5, 2, 3, 4, 5, 7]) if (step * power >= value) return step * power;
  return 10 * power;
}

/** Zero, the top, and those of the 1-2-5 ladder between them that have room, from the top down. */
function spaced(top: number, y: (value: number) => number, height: number): number[] {
  const ticks = [top];
  for (let tick = nextBelow(top); tick > top / 1e6; tick = nextBelow(tick)) {
    const room = y(tick) - y(ticks.at(-1)!);
    if (room >= TICK_SPACE && height - y(tick) >= TICK_SPACE / 1.5) ticks.push(tick);
  }
  return [0, ...ticks.toReversed()];
}

/** Of 1, 2, 5, 10, 20, … */
function nextBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const digit = value / power - 1e-9;
  return digit > 5 ? 5 * power : digit > 2 ? 2 * power : digit > 1 ? power : power / 2;
}

/** Columns of equal width, no wider than looks good, so that few of them stand at the left. */
export interface Slots {
  readonly width: number;
  /** The middle of a column, px from the left of the plot. */
  x(index: number): number;
  /** Which column lies at a place; null: none. */
  at(x: number): number | null;
}

export const LEAST_SLOTS = 4;
const WIDEST_SLOT = 96;

export function slots(count: number, width: number): Slots {
  const each = Math.min(WIDEST_SLOT, Math.max(0, width) / Math.max(LEAST_SLOTS, count));
  return {
    width: each,
    x: (index) => (index + 0.5) * each,
    at: (x) => {
      const index = Math.floor(x / each);
      return x >= 0 && index < count ? index : null;
    },
  };
}
