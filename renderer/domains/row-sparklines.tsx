import type { PlacedRow } from '../design/virtual-grid.tsx';
import { CpuCurve } from './cpu-figure.tsx';
import styles from './domain-row.module.css';
import { SPARKLINE_HEIGHT, SPARKLINE_WIDTH } from './sparkline.tsx';

interface Props {
  readonly rows: readonly PlacedRow[];
  /** Of the list with all its rows. */
  readonly height: number;
  readonly rowHeight: number;
}

/**
 * The curves of a list's rows in one drawing over them. A drawing in each row would be a coordinate
 * system in each row, all of which the browser sorts into layers again at every frame of a scroll.
 */
export function RowSparklines({ rows, height, rowHeight }: Props) {
  const inset = (rowHeight - SPARKLINE_HEIGHT) / 2;
  return (
    <div className={styles.sparklines} aria-hidden="true">
      <svg viewBox={`0 0 ${SPARKLINE_WIDTH} ${height}`} preserveAspectRatio="none">
        {rows.map(({ key, slot, top }) => (
          <CpuCurve key={slot} uuid={key} top={top + inset} />
        ))}
      </svg>
    </div>
  );
}
