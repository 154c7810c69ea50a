import { type KeyboardEvent, useMemo, useState } from 'react';
import { VisuallyHidden } from 'react-aria-components';
import type { Move } from '../../shared/contract/schemas.ts';
import { type Column, columnsOf, reading } from './move-columns.ts';
import styles from './move-chart.module.css';
import { PagesPlot } from './pages-plot.tsx';
import type { Pointing } from './plot.tsx';
import { RatePlot } from './rate-plot.tsx';
import { RoundsTable } from './rounds-table.tsx';
import { StopPlot } from './stop-plot.tsx';
import { TimeStrip } from './time-strip.tsx';

interface Props {
  readonly move: Move;
  /** Of its domain. */
  readonly name: string;
  readonly look: 'chart' | 'table';
  /** Of a plot, px. */
  readonly height: number;
}

/** The rounds of a move while they happen, or as they were. Arrow keys walk them. */
export function MoveChart({ move, name, look, height }: Props) {
  const columns = useMemo(() => columnsOf(move), [move]);
  const [index, point] = useState<number | null>(null);
  const table = <RoundsTable columns={columns} caption={`Rounds of the move of ${name}`} />;
  if (columns.length === 0) {
    return <p className={styles.none}>{noRounds(move)}</p>;
  }
  if (look === 'table') return <div className={styles.scrolls}>{table}</div>;
  const shown = columns[index ?? columns.length - 1] ?? columns.at(-1)!;
  const pointing: Pointing = { index, point };
  return (
    <div className={styles.chart}>
      <div
        role="slider"
        tabIndex={0}
        className={styles.plots}
        aria-label={`Rounds of the move of ${name}`}
        aria-orientation="horizontal"
        aria-valuemin={1}
        aria-valuemax={columns.length}
        aria-valuenow={columns.indexOf(shown) + 1}
        aria-valuetext={reading(shown)}
        onKeyDown={(event) => walk(event, columns, pointing)}
        onBlur={() => point(null)}
      >
        <PagesPlot columns={columns} height={height} pointing={pointing} />
        <StopPlot columns={columns} height={height} pointing={pointing} />
        <RatePlot columns={columns} height={height} pointing={pointing} />
      </div>
      <TimeStrip columns={columns} pointing={pointing} />
      <p className={styles.reading} aria-hidden="true">
        {reading(shown)}
      </p>
      <VisuallyHidden>{table}</VisuallyHidden>
    </div>
  );
}

function walk(
  event: KeyboardEvent<HTMLElement>,
  { length }: readonly Column[],
  { index, point }: Pointing,
): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const last = length - 1;
  const now = index ?? last;
  const next: Record<string, number> = {
    ArrowLeft: now - 1,
    ArrowDown: now - 1,
    ArrowRight: now + 1,
    ArrowUp: now + 1,
    Home: 0,
    End: last,
  };
  const to = next[event.key];
  if (to === undefined) return;
  event.preventDefault();
  point(Math.min(last, Math.max(0, to)));
}

function noRounds({ state, to }: Move): string {
  return state === 'running'
    ? `The first round begins when ${to} has made room.`
    : 'It ended before a round was over.';
}
