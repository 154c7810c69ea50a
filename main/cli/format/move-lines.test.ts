import { describe, expect, it } from 'vitest';
import type { Move } from '../../../shared/contract/index.ts';
import { asRecord, outcomeText, roundLine } from './move-lines.ts';

const ROUND = {
  number: 2,
  pages: 512,
  bytes: 2.1e6,
  ms: 41,
  dirtied: 96,
  rate: 51e6,
  throttlePercent: 0,
  estimatedStopMs: 8.2,
};
const MOVE: Move = {
  id: 'a',
  domain: 'u',
  from: 'alpha',
  to: 'beta',
  state: 'running',
  startedAtMs: 1,
  endedAtMs: null,
  rounds: [ROUND],
  current: null,
  longStopMs: null,
  outcome: null,
  error: null,
};

describe('a round', () => {
  it('is one line, with the rate it went at', () => {
    expect(roundLine(ROUND)).toBe(
      'round 2: 512 pages, 2.1 MB in 41 ms at 51.2 MB/s; 96 written meanwhile, a stop now: 8 ms',
    );
  });
});

describe('a move of the history', () => {
  it('says what was measured, or why nothing was', () => {
    const outcome = {
      downtimeMs: 12.4,
      totalMs: 1200,
      bytes: 41e6,
      pages: 32_768,
      stopReason: 'few-left' as const,
      disks: [],
      verified: true,
    };
    expect(outcomeText({ ...MOVE, state: 'done', outcome })).toBe(
      '12 ms down, 41.0 MB in 1.2 s, 1 round',
    );
    expect(outcomeText({ ...MOVE, state: 'failed', error: 'beta died.' })).toBe(
      'failed: beta died.',
    );
    expect(outcomeText(MOVE)).toBe('under way, 1 round until now');
  });
});

describe('a record', () => {
  it('has its keys in lower case, however deep, and its values as they were', () => {
    expect(asRecord({ downtimeMs: 1, rounds: [{ estimatedStopMs: 2 }], from: 'Alpha' })).toEqual({
      downtime_ms: 1,
      rounds: [{ estimated_stop_ms: 2 }],
      from: 'Alpha',
    });
  });
});
