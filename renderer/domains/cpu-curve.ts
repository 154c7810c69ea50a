/** The last minute of a figure as SVG paths. */
import { GAP_MS } from '../site/history.ts';

const SHOWN_MS = 60_000;
/** The drawing's own units; its width is stretched to the place it is given. */
export const CURVE_WIDTH = 120;
export const CURVE_HEIGHT = 18;

export interface CpuHistory {
  readonly length: number;
  timeMs(age: number): number;
  value(column: 'cpuPercent', age: number): number;
}

export interface CurvePaths {
  line: string;
  /** What is under the line. */
  area: string;
}

/**
 * From zero to a hundred per cent.
 *
 * @param nowMs of the newest sample of the site: what stands still slides away to the left
 * @param top where the curve begins in the drawing that it is part of
 */
export function curvePaths(history: CpuHistory, nowMs: number, top: number): CurvePaths {
  return sharePaths(history, (age) => history.value('cpuPercent', age) / 100, nowMs, top);
}

/** @param share of the curve's height, 0 to 1, by age; a gap in the samples is a gap in the line. */
export function sharePaths(
  history: Pick<CpuHistory, 'length' | 'timeMs'>,
  share: (age: number) => number,
  nowMs: number,
  top: number,
): CurvePaths {
  const bottom = top + CURVE_HEIGHT;
  const paths = { line: '', area: '' };
  let points = '';
  let first = 0;
  let last = 0;
  let lastMs = Infinity;
  let count = 0;
  const endStretch = (): void => {
    if (count < 2) return;
    paths.line += `M${points}`;
    paths.area += `M${first},${bottom}L${points}L${last},${bottom}Z`;
  };
  for (let age = 0; age < history.length; age++) {
    const timeMs = history.timeMs(age);
    if (nowMs - timeMs > SHOWN_MS) break;
    last = round(CURVE_WIDTH * (1 - (nowMs - timeMs) / SHOWN_MS));
    const point = `${last},${round(bottom - 1 - Math.min(1, share(age)) * (CURVE_HEIGHT - 2))}`;
    if (lastMs - timeMs > GAP_MS) {
      endStretch();
      [points, first, count] = [point, last, 1];
    } else {
      points += `L${point}`;
      count++;
    }
    lastMs = timeMs;
  }
  endStretch();
  return paths;
}

function round(figure: number): number {
  return Math.round(figure * 10) / 10;
}
