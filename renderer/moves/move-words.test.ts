import { describe, expect, it } from 'vitest';
import type { Move } from '../../shared/contract/schemas.ts';
import { columnName, columnsOf, reading } from './move-columns.ts';
import { moveResult, moveSentence, moveTitle } from './move-words.ts';
import { merged } from './use-domain-moves.ts';

const RUNNING: Move = {
  id: 'a',
  domain: 'u',
  from: 'alpha',
  to: 'beta',
  state: 'running',
  startedAtMs: 1,
  endedAtMs: null,
  rounds: [
    {
      number: 1,
      pages: 32_768,
      bytes: 41e6,
      ms: 820,
      dirtied: 512,
      rate: 50e6,
      throttlePercent: 0,
      estimatedStopMs: 21.8,
    },
  ],
  current: { number: 2, pages: 512, sent: 100, bytes: 4e5, ms: 8, rate: 56e6, throttlePercent: 0 },
  longStopMs: null,
  outcome: null,
  error: null,
};
const DONE: Move = {
  ...RUNNING,
  state: 'done',
  current: null,
  longStopMs: null,
  outcome: {
    downtimeMs: 12.4,
    totalMs: 1200,
    bytes: 43.1e6,
    pages: 32_768,
    stopReason: 'few-left',
    disks: [],
    verified: true,
  },
};

describe('a move in words', () => {
  it('under way: what was left, and what a stop would cost', () => {
    expect(moveTitle('web1', RUNNING)).toBe('Moving web1 to beta');
    expect(moveSentence('web1', RUNNING)).toBe(
      'Round 1 left 512 pages that it wrote meanwhile. A stop now would take about 22 ms.',
    );
    expect(moveSentence('web1', { ...RUNNING, rounds: [], current: null })).toBe('Preparing beta.');
  });

  it('before a stop that is long: how long, and that it can be cancelled', () => {
    expect(moveSentence('web1', { ...RUNNING, longStopMs: 840 })).toBe(
      'This is the last round: then web1 will stand still for about 840 ms, which is long. Cancel keeps it running where it is.',
    );
  });

  it('done: how long it stood still, what was sent, why it was stopped then', () => {
    expect(moveTitle('web1', DONE)).toBe('web1 moved to beta');
    expect(moveSentence('web1', DONE)).toBe(
      'web1 stood still for 12 ms and runs on beta. 43.1 MB went in 1.2 s, 1 round, until few pages were left; what arrived is what was sent.',
    );
    expect(moveResult(DONE)).toBe('12 ms down, 1 round');
  });

  it('failed or cancelled: why, and where it is', () => {
    const error = 'web1 goes on running on alpha.';
    const cancelled: Move = { ...RUNNING, state: 'cancelled', current: null, error };
    expect(moveSentence('web1', cancelled)).toBe(error);
    expect(moveTitle('web1', cancelled)).toBe('The move of web1 to beta was cancelled');
  });
});

describe('the columns of a move', () => {
  it('are its rounds, the one under way, and at the end the stop', () => {
    expect(columnsOf(RUNNING).map(columnName)).toEqual(['1', '2']);
    expect(columnsOf(DONE).map(columnName)).toEqual(['1', 'stop']);
    expect(columnsOf({ ...DONE, outcome: null }).map(columnName)).toEqual(['1']);
  });

  it('say all that is known of them', () => {
    expect(columnsOf(RUNNING).map(reading)).toEqual([
      'Round 1: 32\u202f768 pages sent · 41 MB in 820 ms, 50 MB/s · 512 written meanwhile · a stop then: about 22 ms',
      'Round 2, under way: 100 of 512 pages sent · 8 ms, 50 MB/s',
    ]);
    expect(columnsOf(DONE).map(reading).at(-1)).toBe(
      'Stop: 12 ms measured · about 22 ms were expected',
    );
  });
});

describe('the history of a domain', () => {
  it('is what is kept and what was seen since, newest first, without those of others', () => {
    const seen = [
      { ...RUNNING, id: 'c', startedAtMs: 3 },
      DONE,
      { ...RUNNING, id: 'x', domain: 'v' },
    ];
    const kept = [{ ...RUNNING, id: 'b', startedAtMs: 2 }, RUNNING];
    expect(merged(kept, seen, 'u').map(({ id, state }) => `${id} ${state}`)).toEqual([
      'c running',
      'b running',
      'a done',
    ]);
  });
});
