import { useLayoutEffect, useRef } from 'react';
import { type CpuHistory, CURVE_HEIGHT, CURVE_WIDTH, curvePaths } from './cpu-curve.ts';
import styles from './sparkline.module.css';

export interface SparklineSource {
  /** @returns its own undo. */
  subscribe(listener: () => void): () => void;
  readonly history: CpuHistory;
  /** Of the newest sample of the site. */
  nowMs(): number;
}

/** The last minute of CPU use. Drawn past React, by setting the paths as samples come. */
export function Sparkline({ source }: { readonly source: SparklineSource }) {
  const line = useRef<SVGPathElement>(null);
  const area = useRef<SVGPathElement>(null);
  useLayoutEffect(() => {
    const draw = (): void => {
      const paths = curvePaths(source.history, source.nowMs(), 0);
      line.current?.setAttribute('d', paths.line);
      area.current?.setAttribute('d', paths.area);
    };
    draw();
    return source.subscribe(draw);
  }, [source]);
  // The figure beside it says the same in words.
  return (
    <svg
      className={styles.sparkline}
      viewBox={`0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path ref={area} className={styles.area} />
      <path ref={line} className={styles.line} />
    </svg>
  );
}
