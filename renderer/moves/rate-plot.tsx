import type { MigrationRound } from '../../shared/contract/schemas.ts';
import { rate } from '../design/format.ts';
import { linearScale } from './chart-scale.ts';
import { type Column, columnName, sendRate } from './move-columns.ts';
import styles from './move-chart.module.css';
import { type Plotted, Plot, type Pointing } from './plot.tsx';

interface Props {
  readonly columns: readonly Column[];
  readonly height: number;
  readonly pointing: Pointing;
}

const LEAST_TOP = 1e6;

/** Bytes a second of the link: what went, and what the round was allowed. */
export function RatePlot({ columns, height, pointing }: Props) {
  const rounds = columns.flatMap((column): Pick<MigrationRound, 'bytes' | 'ms' | 'rate'>[] => {
    if (column.kind === 'stop') return [];
    return [column.kind === 'round' ? column.round : column.current];
  });
  const sent = rounds.map(sendRate);
  const allowed = rounds.map((round) => round.rate);
  return (
    <Plot
      title={
        <>
          Rate
          <span className={styles.key} data-tone="rate">
            sent
          </span>
          <span className={styles.key} data-tone="allowed">
            allowed
          </span>
        </>
      }
      names={columns.filter(({ kind }) => kind !== 'stop').map(columnName)}
      height={height}
      pointing={pointing}
      scale={(plotHeight) => linearScale([...sent, ...allowed], plotHeight, LEAST_TOP)}
      format={(value) => (value === 0 ? '0' : rate(value))}
    >
      {(plot) => (
        <>
          <path className={styles.allowedLine} d={steps(allowed, plot)} />
          <path className={styles.rateLine} d={steps(sent, plot)} />
        </>
      )}
    </Plot>
  );
}

/** A rate holds for its round: level over its column, then upright to the next. */
function steps(values: readonly number[], { slots, y }: Plotted): string {
  return values
    .map((value, index) => {
      const middle = slots.x(index);
      const [from, to] = [middle - slots.width / 2, middle + slots.width / 2];
      return `${index === 0 ? 'M' : 'L'}${from} ${y(value)}H${to}`;
    })
    .join('');
}
