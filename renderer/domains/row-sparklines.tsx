import { useLayoutEffect, useRef } from 'react';
import type { PlacedRow } from '../design/virtual-grid.tsx';
import { useSite } from '../site/site.ts';
import { CURVE_HEIGHT, CURVE_WIDTH, curvePaths } from './cpu-curve.ts';
import styles from './domain-row.module.css';
import curves from './sparkline.module.css';

interface Props {
  readonly rows: readonly PlacedRow[];
  /** Of the list with all its rows. */
  readonly height: number;
  readonly rowHeight: number;
}

/**
 * The curves of a list's rows in one drawing over them, as one path. A drawing in each row would be a
 * coordinate system in each row, all of which the browser sorts into layers again at every change;
 * a path in each row would be laid out by itself.
 */
export function RowSparklines({ rows, height, rowHeight }: Props) {
  const { statistics } = useSite();
  const line = useRef<SVGPathElement>(null);
  const area = useRef<SVGPathElement>(null);
  const inset = (rowHeight - CURVE_HEIGHT) / 2;
  const shown = rows.map(({ key, top }) => `${top} ${key}`).join();
  // Before it is seen: the curves belong to the rows under them.
  useLayoutEffect(() => {
    const draw = (): void => {
      let [lines, areas] = ['', ''];
      for (const { key, top } of rows) {
        const { history } = statistics.domain(key);
        const paths = curvePaths(history, statistics.timeMs, top + inset);
        lines += paths.line;
        areas += paths.area;
      }
      line.current?.setAttribute('d', lines);
      area.current?.setAttribute('d', areas);
    };
    draw();
    return statistics.subscribe(draw);
    // `shown` stands for what `rows` says: they are listed anew whenever the list is drawn.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [shown, statistics, inset]);
  return (
    <div className={styles.sparklines} aria-hidden="true">
      <svg viewBox={`0 0 ${CURVE_WIDTH} ${height}`} preserveAspectRatio="none">
        <path ref={area} className={curves.area} />
        <path ref={line} className={curves.line} />
      </svg>
    </div>
  );
}
