/** Moves for people, and as the records that `--json` prints. */
import type { MigrationReport, MigrationRound, Move } from '../../../shared/contract/index.ts';
import { bytes, duration } from './units.ts';

/** `round 2: 512 pages, 2.1 MB in 41 ms at 51.2 MB/s; 96 written meanwhile, a stop now: 8 ms` */
export function roundLine(round: MigrationRound): string {
  const { number, pages, dirtied, ms, throttlePercent, estimatedStopMs } = round;
  const slowed = throttlePercent > 0 ? `, slowed down by ${throttlePercent} %` : '';
  const rate = bytes((round.bytes * 1000) / Math.max(ms, 1));
  return `round ${number}${slowed}: ${pages} pages, ${bytes(round.bytes)} in ${duration(ms)} at ${rate}/s; ${dirtied} written meanwhile, a stop now: ${duration(estimatedStopMs)}`;
}

/** `from alpha to beta: 12 ms down, 41.0 MB in 1.2 s, 3 rounds` */
export function reportText(report: MigrationReport): string {
  const { from, to, downtimeMs, totalMs, rounds } = report;
  const most = Math.max(0, ...rounds.map(({ throttlePercent }) => throttlePercent));
  const slowed = most > 0 ? `, slowed down by up to ${most} %` : '';
  return `from ${from} to ${to}: ${duration(downtimeMs)} down, ${bytes(report.bytes)} in ${duration(totalMs)}, ${roundCount(rounds)}${slowed}${diskText(report)}`;
}

function diskText({ disks }: MigrationReport): string {
  const [one, ...more] = disks;
  if (!one) return '';
  return more.length === 0
    ? `, its disk ${one.name} to ${one.to}`
    : `, ${disks.length} disks as well`;
}

export function longStopLine(longStopMs: number): string {
  return `one more round, then it will stand still for about ${duration(longStopMs)}; Ctrl-C cancels`;
}

/** `12 ms down, 41.0 MB in 1.2 s, 3 rounds`, or why there is nothing to measure. */
export function outcomeText({ state, outcome, rounds, error }: Move): string {
  if (state === 'running') return `under way, ${roundCount(rounds)} until now`;
  if (!outcome) return `${state}: ${error}`;
  const { downtimeMs, totalMs } = outcome;
  return `${duration(downtimeMs)} down, ${bytes(outcome.bytes)} in ${duration(totalMs)}, ${roundCount(rounds)}`;
}

function roundCount({ length }: readonly MigrationRound[]): string {
  return length === 1 ? '1 round' : `${length} rounds`;
}

/** The same with `downtime_ms` for `downtimeMs`, however deep. */
export function asRecord(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asRecord);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [snakeCase(key), asRecord(inner)]),
  );
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
