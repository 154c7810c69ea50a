/** What a move's chart shows from left to right: its rounds, the one under way, the stop. */
import type { MigrationRound, Move, RoundUnderWay } from '../../shared/contract/schemas.ts';
import { count, fileSize, milliseconds, percent, rate } from '../design/format.ts';

export type Outcome = NonNullable<Move['outcome']>;

export type Column =
  | { readonly kind: 'round'; readonly round: MigrationRound }
  | { readonly kind: 'current'; readonly current: RoundUnderWay }
  | { readonly kind: 'stop'; readonly outcome: Outcome; readonly lastEstimateMs: number | null };

export function columnsOf({ rounds, current, outcome }: Move): Column[] {
  const columns: Column[] = rounds.map((round) => ({ kind: 'round', round }));
  if (current !== null) columns.push({ kind: 'current', current });
  if (outcome !== null) {
    const lastEstimateMs = rounds.at(-1)?.estimatedStopMs ?? null;
    columns.push({ kind: 'stop', outcome, lastEstimateMs });
  }
  return columns;
}

/** Bytes a second that really went. */
export function sendRate({ bytes, ms }: Pick<MigrationRound, 'bytes' | 'ms'>): number {
  return (bytes * 1000) / Math.max(ms, 0.1);
}

/** `1`, `2`, `stop`: below the column. */
export function columnName(column: Column): string {
  switch (column.kind) {
    case 'round':
      return String(column.round.number);
    case 'current':
      return String(column.current.number);
    case 'stop':
      return 'stop';
  }
}

/** All that is known of a column, as one line. */
export function reading(column: Column): string {
  switch (column.kind) {
    case 'round': {
      const { number, pages, bytes, ms, dirtied, throttlePercent, estimatedStopMs } = column.round;
      return [
        `Round ${number}: ${pageCount(pages)} sent`,
        `${fileSize(bytes)} in ${milliseconds(ms)}, ${rate(sendRate(column.round))}`,
        `${count(dirtied)} written meanwhile${slowed(throttlePercent)}`,
        `a stop then: about ${milliseconds(estimatedStopMs)}`,
      ].join(' · ');
    }
    case 'current': {
      const { number, pages, sent, ms } = column.current;
      return [
        `Round ${number}, under way: ${count(sent)} of ${pageCount(pages)} sent`,
        `${milliseconds(ms)}, ${rate(sendRate(column.current))}`,
      ].join(' · ');
    }
    case 'stop': {
      const { outcome, lastEstimateMs } = column;
      const measured = `Stop: ${milliseconds(outcome.downtimeMs)} measured`;
      return lastEstimateMs === null
        ? measured
        : `${measured} · about ${milliseconds(lastEstimateMs)} were expected`;
    }
  }
}

/** Of its time, so that it writes less. */
export function slowed(throttlePercent: number): string {
  return throttlePercent === 0 ? '' : `, slowed down by ${percent(throttlePercent)}`;
}

export function pageCount(pages: number): string {
  return `${count(pages)} ${pages === 1 ? 'page' : 'pages'}`;
}
