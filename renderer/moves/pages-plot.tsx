import { count } from '../design/format.ts';
import { rootScale, type Slots } from './chart-scale.ts';
import { type Column, columnName } from './move-columns.ts';
import styles from './move-chart.module.css';
import { type Plotted, Plot, type Pointing } from './plot.tsx';

interface Props {
  readonly columns: readonly Column[];
  readonly height: number;
  readonly pointing: Pointing;
}

const LEAST_TOP = 100;
const WIDEST_BAR = 28;
/** A column that is as wide as this has room for figures over its bars. */
const FIGURES_PX = 72;

/** Beside each other, for each round: the pages that it sent, and those written meanwhile. */
export function PagesPlot({ columns, height, pointing }: Props) {
  const shown = columns.filter((column) => column.kind !== 'stop');
  const values = shown.flatMap((column) =>
    column.kind === 'round' ? [column.round.pages, column.round.dirtied] : [column.current.pages],
  );
  return (
    <Plot
      title={
        <>
          Pages
          <span className={styles.key} data-tone="sent">
            sent
          </span>
          <span className={styles.key} data-tone="written">
            written meanwhile
          </span>
        </>
      }
      names={shown.map(columnName)}
      height={height}
      pointing={pointing}
      scale={(plotHeight) => rootScale(values, plotHeight, LEAST_TOP)}
      format={count}
    >
      {(plot) =>
        shown.map((column, index) => (
          <Pair key={columnName(column)} column={column} index={index} plot={plot} />
        ))
      }
    </Plot>
  );
}

interface PairProps {
  readonly column: Column;
  readonly index: number;
  readonly plot: Plotted;
}

function Pair({ column, index, plot }: PairProps) {
  const { slots } = plot;
  const width = barWidth(slots);
  const [left, right] = [slots.x(index) - width - 1, slots.x(index) + 1];
  if (column.kind === 'round') {
    const { pages, dirtied } = column.round;
    return (
      <>
        <Bar tone="sent" x={left} width={width} value={pages} plot={plot} />
        <Bar tone="written" x={right} width={width} value={dirtied} plot={plot} />
      </>
    );
  }
  if (column.kind !== 'current') return null;
  const { pages, sent } = column.current;
  return (
    <>
      <Bar tone="whole" x={left} width={width} value={pages} plot={plot} />
      <Bar tone="sent" x={left} width={width} value={sent} plot={plot} hideFigure />
    </>
  );
}

interface BarProps {
  readonly tone: 'sent' | 'written' | 'whole';
  readonly x: number;
  readonly width: number;
  readonly value: number;
  readonly plot: Plotted;
  readonly hideFigure?: boolean;
}

function Bar({ tone, x, width, value, plot, hideFigure = false }: BarProps) {
  const top = plot.y(value);
  const hasFigure = !hideFigure && plot.slots.width >= FIGURES_PX;
  return (
    <>
      <rect
        className={styles.bar}
        data-tone={tone}
        x={x}
        y={top}
        width={width}
        height={plot.bottom - top}
      />
      {hasFigure && (
        <text className={styles.figure} data-tone={tone} x={x + width / 2} y={top - 4}>
          {count(value)}
        </text>
      )}
    </>
  );
}

function barWidth({ width }: Slots): number {
  return Math.max(2, Math.min(WIDEST_BAR, width * 0.34));
}
