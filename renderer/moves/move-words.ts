/** A move in plain words. */
import type { MigrationStop, Move } from '../../shared/contract/schemas.ts';
import { fileSize, milliseconds } from '../design/format.ts';
import { pageCount } from './move-columns.ts';

const WHY_STOPPED: Record<MigrationStop, string> = {
  paused: 'It did not run, so all of it went at once.',
  'few-left': 'It was stopped when few pages were left.',
  'short-enough': 'It was stopped when what was left fitted into the stop that it may have.',
  'no-gain': 'It was stopped because another round would have left as much.',
  'too-fast': 'It was stopped because it writes faster than the link may carry.',
  rounds: 'It was stopped after the most rounds that there are.',
  bytes: 'It was stopped because three times its memory had been sent.',
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
  const carried = `${fileSize(bytes)} crossed the link in ${milliseconds(totalMs)}`;
  const times = rounds.length === 1 ? '1 round' : `${rounds.length} rounds`;
  return [
    `${name} stood still for ${milliseconds(downtimeMs)} and runs on ${to}.`,
    rounds.length === 0 ? `${carried}.` : `${carried}, ${times}.`,
    WHY_STOPPED[stopReason],
    verified ? `What arrived is what was sent.` : `What arrived was not checked.`,
  ].join(' ');
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
