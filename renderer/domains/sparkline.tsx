import { memo, useLayoutEffect, useRef } from 'react';
import { GAP_MS } from '../site/history.ts';
import styles from './sparkline.module.css';

const SHOWN_MS = 60_000;
/** The drawing's own units; its width is stretched to the place it is given. */
export const SPARKLINE_WIDTH = 120;
export const SPARKLINE_HEIGHT = 18;
const [WIDTH, HEIGHT] = [SPARKLINE_WIDTH, SPARKLINE_HEIGHT];

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

/** One curve in a drawing of its own. */
export function Sparkline({ source }: { readonly source: SparklineSource }) {
  // The figure beside it says the same in words.
  return (
    <svg
      className={styles.sparkline}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <SparklineCurve source={source} top={0} />
    </svg>
  );
}

interface CurveProps {
  readonly source: SparklineSource;
  /** Where it begins in the drawing that it is part of. */
  readonly top: number;
}

/**
 * The last minute of CPU use, from zero to a hundred per cent; a gap in the samples is a gap in the
 * line. Drawn past React, by setting the path as samples come.
 */
export const SparklineCurve = memo(function SparklineCurve({ source, top }: CurveProps) {
  const line = useRef<SVGPathElement>(null);
  const area = useRef<SVGPathElement>(null);
  // Before it is seen: a list's row shows one domain after another.
  useLayoutEffect(() => {
    const draw = (): void => {
      const stretches = stretchesOf(source, top);
      line.current?.setAttribute('d', stretches.map(linePath).join(''));
      area.current?.setAttribute(
        'd',
        stretches.map((points) => areaPath(points, top + HEIGHT)).join(''),
      );
    };
    draw();
    return source.subscribe(draw);
  }, [source, top]);
  return (
    <>
      <path ref={area} className={styles.area} />
      <path ref={line} className={styles.line} />
    </>
  );
});

type Point = readonly [x: number, y: number];

/** The points of the last minute, newest first, cut where samples are missing. */
function stretchesOf({ history, nowMs }: SparklineSource, top: number): Point[][] {
  const now = nowMs();
  const found: Point[][] = [];
  let lastMs = Infinity;
  for (let age = 0; age < history.length; age++) {
    const timeMs = history.timeMs(age);
    if (now - timeMs > SHOWN_MS) break;
    if (lastMs - timeMs > GAP_MS) found.push([]);
    const share = Math.min(1, history.value('cpuPercent', age) / 100);
    const x = WIDTH * (1 - (now - timeMs) / SHOWN_MS);
    found.at(-1)?.push([round(x), round(top + HEIGHT - 1 - share * (HEIGHT - 2))]);
    lastMs = timeMs;
  }
  return found;
}

function linePath(points: readonly Point[]): string {
  return points.length < 2 ? '' : `M${points.join('L')}`;
}

function areaPath(points: readonly Point[], bottom: number): string {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return '';
  return `M${first[0]},${bottom}L${points.join('L')}L${last[0]},${bottom}Z`;
}

function round(figure: number): number {
  return Math.round(figure * 10) / 10;
}
