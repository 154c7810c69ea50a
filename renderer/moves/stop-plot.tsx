import { milliseconds } from '../design/format.ts';
import { rootScale } from './chart-scale.ts';
import { type Column, columnName } from './move-columns.ts';
import styles from './move-chart.module.css';
import { type Plotted, Plot, type Pointing } from './plot.tsx';

interface Props {
  readonly columns: readonly Column[];
  readonly height: number;
  readonly pointing: Pointing;
}

const LEAST_TOP_MS = 10;
const WIDEST_BAR = 28;
const FIGURES_PX = 44;

/** How long a stop would have taken after each round, falling; and how long the real one took. */
export function StopPlot({ columns, height, pointing }: Props) {
  const values = columns.flatMap((column) => stopMs(column) ?? []);
  return (
    <Plot
      title={
        <>
          Stop
          <span className={styles.key} data-tone="estimate">
            estimated
          </span>
          <span className={styles.key} data-tone="stop">
            measured
          </span>
        </>
      }
      names={columns.map(columnName)}
      height={height}
      pointing={pointing}
      scale={(plotHeight) => rootScale(values, plotHeight, LEAST_TOP_MS)}
      format={(ms) => (ms === 0 ? '0' : milliseconds(ms))}
    >
      {(plot) => <Marks columns={columns} plot={plot} />}
    </Plot>
  );
}

/** Null of the round under way: it is known at its end. */
function stopMs(column: Column): number | null {
  switch (column.kind) {
    case 'round':
      return column.round.estimatedStopMs;
    case 'current':
      return null;
    case 'stop':
      return column.outcome.downtimeMs;
  }
}

function Marks({ columns, plot }: { columns: readonly Column[]; plot: Plotted }) {
  const { slots, y, bottom } = plot;
  const points = columns.flatMap((column, index) =>
    column.kind === 'round' ? [{ x: slots.x(index), ms: column.round.estimatedStopMs }] : [],
  );
  const line = points.map(({ x, ms }) => `${x} ${y(ms)}`).join('L');
  const hasFigures = slots.width >= FIGURES_PX;
  const barWidth = Math.max(3, Math.min(WIDEST_BAR, slots.width * 0.5));
  return (
    <>
      {points.length > 1 && <path className={styles.estimateLine} d={`M${line}`} />}
      {columns.map((column, index) => {
        const ms = stopMs(column);
        if (ms === null) return null;
        const [x, top] = [slots.x(index), y(ms)];
        return (
          <g key={columnName(column)}>
            {column.kind === 'stop' ? (
              <rect
                className={styles.bar}
                data-tone="stop"
                x={x - barWidth / 2}
                y={Math.min(top, bottom - 2)}
                width={barWidth}
                height={Math.max(2, bottom - top)}
              />
            ) : (
              <circle className={styles.estimate} cx={x} cy={top} r={3.5} />
            )}
            {(hasFigures || column.kind === 'stop') && (
              <text
                className={styles.figure}
                data-tone={column.kind === 'stop' ? 'stop' : 'estimate'}
                data-last={!hasFigures}
                x={hasFigures ? x : x + slots.width / 2}
                y={top - 7}
              >
                {milliseconds(ms)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}
