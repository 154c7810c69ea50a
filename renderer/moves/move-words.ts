/** A move in plain words. */
import type { MigrationStop, Move } from '../../shared/contract/schemas.ts';
import { fileSize, milliseconds } from '../design/format.ts';
import { pageCount } from './move-columns.ts';

/** … went in so many rounds, … */
const UNTIL: Record<MigrationStop, string> = {
  paused: 'all at once, since it did not run',
  'few-left': 'until few pages were left',
  'short-enough': 'until the rest fitted into the stop that it may have',
  'no-gain': 'until another round would have left as much',
  'too-fast': 'until it was clear that it writes faster than the link may carry',
  rounds: 'until there were as many rounds as there may be',
  bytes: 'until three times its memory had been sent',
};

/** `Moving web1 to beta`, `web1 moved to beta`: the heading. */
export function moveTitle(name: string, { state, to }: Move): string {
  switch (state) {
    case 'running':
      return `Moving ${name} to ${to}`;
    case 'done':
      return `${name} moved to ${to}`;
    case 'failed':
      return `${name} was not moved to ${to}`;
    case 'cancelled':
      return `The move of ${name} to ${to} was cancelled`;
  }
}

/** What is happening, or what came of it. */
export function moveSentence(name: string, move: Move): string {
  const { outcome, error, rounds, to } = move;
  if (move.state === 'running') return runningSentence(name, move);
  if (outcome === null) return error ?? 'Nothing more is known.';
  const { downtimeMs, totalMs, bytes, stopReason, verified } = outcome;
  const times = rounds.length === 1 ? '1 round' : `${rounds.length} rounds`;
  const what = [
    `${fileSize(bytes)} went in ${milliseconds(totalMs)}`,
    ...(rounds.length === 0 ? [] : [times]),
    UNTIL[stopReason],
  ].join(', ');
  const checked = verified ? 'what arrived is what was sent' : 'what arrived was not checked';
  return `${name} stood still for ${milliseconds(downtimeMs)} and runs on ${to}. ${what}; ${checked}.`;
}

function runningSentence(name: string, { rounds, current, to, longStopMs }: Move): string {
  const last = rounds.at(-1);
  if (longStopMs !== null) {
    return `This is the last round: then ${name} will stand still for about ${milliseconds(longStopMs)}, which is long. Cancel keeps it running where it is.`;
  }
  if (current !== null && last === undefined) {
    return `Round 1 sends all of its memory, ${pageCount(current.pages)}, while it runs.`;
  }
  if (last === undefined) return `Preparing ${to}.`;
  const stop = `A stop now would take about ${milliseconds(last.estimatedStopMs)}.`;
  return `Round ${last.number} left ${pageCount(last.dirtied)} that it wrote meanwhile. ${stop}`;
}

/** `12 ms down`, for a list. */
export function moveResult({ state, outcome, rounds }: Move): string {
  const times = rounds.length === 1 ? '1 round' : `${rounds.length} rounds`;
  switch (state) {
    case 'running':
      return 'under way';
    case 'done':
      return outcome === null ? times : `${milliseconds(outcome.downtimeMs)} down, ${times}`;
    case 'failed':
      return 'failed';
    case 'cancelled':
      return 'cancelled';
  }
}
