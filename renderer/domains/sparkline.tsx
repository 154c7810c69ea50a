import { useLayoutEffect, useRef } from 'react';
import { GAP_MS } from '../site/history.ts';
import styles from './sparkline.module.css';

const SHOWN_MS = 60_000;
/** The drawing's own units: stretched to the place it is given. */
const WIDTH = 120;
const HEIGHT = 18;

export interface SparklineSource {
  /** @returns its own undo. */
  subscribe(listener: () => void): () => void;
  readonly history: {
    readonly length: number;
    timeMs(age: number): number;
    value(column: 'cpuPercent', age: number): number;
  };
  /** Of the newest sample of the site: what stands still slides away to the left. */
  nowMs(): number;
}

/**
 * The last minute of CPU use, from zero to a hundred per cent; a gap in the samples is a gap in the
 * line. Drawn past React, by setting the path as samples come. A path and no canvas: a hundred
 * canvases are a hundred layers for the compositor, at every frame of a scroll.
 */
export function Sparkline({ source }: { readonly source: SparklineSource }) {
  const line = useRef<SVGPathElement>(null);
  const area = useRef<SVGPathElement>(null);
  // Before it is seen: a list's row shows one domain after another.
  useLayoutEffect(() => {
    const draw = (): void => {
      const stretches = stretchesOf(source);
      line.current?.setAttribute('d', stretches.map(linePath).join(''));
      area.current?.setAttribute('d', stretches.map(areaPath).join(''));
    };
    draw();
    return source.subscribe(draw);
  }, [source]);
  // The figure beside it says the same in words.
  return (
    <svg
      className={styles.sparkline}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path ref={area} className={styles.area} />
      <path ref={line} className={styles.line} />
    </svg>
  );
}

type Point = readonly [x: number, y: number];

/** The points of the last minute, newest first, cut where samples are missing. */
function stretchesOf({ history, nowMs }: SparklineSource): Point[][] {
  const now = nowMs();
  const found: Point[][] = [];
  let lastMs = Infinity;
  for (let age = 0; age < history.length; age++) {
    const timeMs = history.timeMs(age);
    if (now - timeMs > SHOWN_MS) break;
    if (lastMs - timeMs > GAP_MS) found.push([]);
    const share = Math.min(1, history.value('cpuPercent', age) / 100);
    const x = WIDTH * (1 - (now - timeMs) / SHOWN_MS);
    found.at(-1)?.push([round(x), round(HEIGHT - 1 - share * (HEIGHT - 2))]);
    lastMs = timeMs;
  }
  return found;
}

function linePath(points: readonly Point[]): string {
  return points.length < 2 ? '' : `M${points.join('L')}`;
}

function areaPath(points: readonly Point[]): string {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return '';
  return `M${first[0]},${HEIGHT}L${points.join('L')}L${last[0]},${HEIGHT}Z`;
}

function round(figure: number): number {
  return Math.round(figure * 10) / 10;
}
