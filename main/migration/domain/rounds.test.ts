import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PAGE_BYTES } from '../stream/stream.abi.ts';
import { Precopy } from './rounds.ts';
import type { Decision, Terms } from './rounds.ts';

const MEMORY_PAGES = 32_768;
const LINK = 125e6;
/** 29 rounds without a reason to stop, nine steps of slowing down, and a last one. */
const MOST_ROUNDS = 29 + 9 + 1;

function terms(change: Partial<Terms> = {}): Terms {
  return {
    pace: { least: LINK / 2, most: LINK },
    linkRate: LINK,
    autoConverge: false,
    maxDowntimeMs: null,
    allowLongerStop: false,
    ...change,
  };
}

/** A guest that writes so many pages a second, of a set of so many. */
interface Guest {
  pagesPerSecond: number;
  workingSet: number;
}

/** Plays a move: what the guest writes follows from how long each round takes, and from how it is slowed. */
function play(guest: Guest, asked: Terms, carries = asked.pace.most) {
  const precopy = new Precopy(asked, MEMORY_PAGES);
  const decisions: Decision[] = [];
  let [pages, rate, throttlePercent] = [MEMORY_PAGES, precopy.firstRate, 0];
  for (let number = 1; ; number++) {
    if (number > 1000) throw new Error('it does not end');
    const bytes = pages * PAGE_BYTES;
    const ms = (bytes * 1e3) / Math.min(rate, carries);
    const share = 1 - throttlePercent / 100;
    const wrote = Math.round((guest.pagesPerSecond * share * ms) / 1e3);
    const dirtied = Math.min(wrote, guest.workingSet);
    const round = { number, pages, bytes, ms, dirtied, rate, throttlePercent };
    const decision = precopy.after(round);
    decisions.push(decision);
    if (decision.kind === 'stop' || decision.kind === 'give-up') {
      return { precopy, decisions, end: decision, left: dirtied };
    }
    ({ rate, throttlePercent } = decision);
    pages = dirtied;
  }
}

const anyTerms = fc
  .record({
    a: fc.integer({ min: 1000, max: 1e9 }),
    b: fc.integer({ min: 1000, max: 1e9 }),
    autoConverge: fc.boolean(),
    maxDowntimeMs: fc.option(fc.integer({ min: 1, max: 100_000 })),
    allowLongerStop: fc.boolean(),
  })
  .map(({ a, b, ...rest }): Terms => ({
    pace: { least: Math.min(a, b), most: Math.max(a, b) },
    linkRate: Math.max(a, b),
    ...rest,
  }));
const anyGuest = fc.record({
  pagesPerSecond: fc.integer({ min: 0, max: 2e6 }),
  workingSet: fc.integer({ min: 0, max: MEMORY_PAGES }),
});

describe('the rounds of a live move', () => {
  test('end, whatever the guest and the link do', () => {
    fc.assert(
      fc.property(
        anyGuest,
        anyTerms,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (guest, asked, part) => {
          const { precopy } = play(guest, asked, asked.pace.most * part);
          expect(precopy.rounds.length).toBeLessThanOrEqual(MOST_ROUNDS);
        },
      ),
    );
  });

  test('end too where the figures make no sense together', () => {
    const round = fc.record({
      pages: fc.nat(MEMORY_PAGES),
      bytes: fc.nat(200 << 20),
      ms: fc.double({ min: 0, max: 1e5, noNaN: true }),
      dirtied: fc.nat(MEMORY_PAGES),
    });
    const rounds = fc.array(round, { minLength: MOST_ROUNDS, maxLength: MOST_ROUNDS });
    fc.assert(
      fc.property(rounds, anyTerms, (played, asked) => {
        const precopy = new Precopy(asked, MEMORY_PAGES);
        let [rate, throttlePercent] = [precopy.firstRate, 0];
        const ended = played.some((measured, index) => {
          const decision = precopy.after({ ...measured, number: index + 1, rate, throttlePercent });
          if (decision.kind === 'stop' || decision.kind === 'give-up') return true;
          ({ rate, throttlePercent } = decision);
          return false;
        });
        expect(ended).toBe(true);
      }),
    );
  });

  test('keep to the rates that were asked for, and slow down by the steps that are said', () => {
    fc.assert(
      fc.property(anyGuest, anyTerms, (guest, asked) => {
        const { precopy } = play(guest, asked);
        let before = 0;
        for (const { rate, throttlePercent } of precopy.rounds) {
          expect(rate).toBeGreaterThanOrEqual(asked.pace.least);
          expect(rate).toBeLessThanOrEqual(asked.pace.most);
          const steps = before === 0 ? [0, 20] : [before, Math.min(99, before + 10)];
          expect(steps).toContain(throttlePercent);
          before = throttlePercent;
        }
        if (!asked.autoConverge) expect(before).toBe(0);
      }),
    );
  });

  test('go as fast as the guest wrote in the last one, and 50 Mbit/s more, where that was asked for', () => {
    fc.assert(
      fc.property(anyGuest, anyTerms, (guest, asked) => {
        const { rounds } = play(guest, asked).precopy;
        const { least, most } = asked.pace;
        expect(rounds[0]!.rate).toBe(least);
        for (const [index, { rate }] of rounds.slice(1).entries()) {
          const { dirtied, ms } = rounds[index]!;
          const wrote = (dirtied * PAGE_BYTES * 1e3) / Math.max(ms, 1);
          expect(rate).toBeCloseTo(Math.min(most, Math.max(least, wrote + 6.25e6)), 3);
        }
      }),
    );
  });

  test('never stop a guest for longer than was allowed, unless that was allowed too', () => {
    const strict = anyTerms.map((asked) => ({
      ...asked,
      maxDowntimeMs: asked.maxDowntimeMs ?? 50,
      allowLongerStop: false,
    }));
    fc.assert(
      fc.property(anyGuest, strict, (guest, asked) => {
        const { precopy, end } = play(guest, asked);
        const { estimatedStopMs } = precopy.rounds.at(-1)!;
        if (end.kind === 'stop') expect(estimatedStopMs).toBeLessThanOrEqual(asked.maxDowntimeMs);
        else expect(estimatedStopMs).toBeGreaterThan(asked.maxDowntimeMs);
      }),
    );
  });

  test('tell of a long stop a round before it, once', () => {
    fc.assert(
      fc.property(anyGuest, anyTerms, (guest, asked) => {
        const { decisions } = play(guest, asked);
        const told = decisions.filter(({ kind }) => kind === 'last-round');
        expect(told.length).toBeLessThanOrEqual(1);
        if (told.length === 1) expect(decisions.at(-2)).toBe(told[0]);
      }),
    );
  });
});

describe('a guest that', () => {
  test('does little is stopped for few pages, after few rounds', () => {
    const { precopy, end } = play({ pagesPerSecond: 40, workingSet: 300 }, terms());
    expect(end).toEqual({ kind: 'stop', reason: 'few-left' });
    expect(precopy.rounds.length).toBeLessThanOrEqual(3);
  });

  const FAST: Guest = { pagesPerSecond: 200_000, workingSet: 8192 };

  test('writes faster than the link carries ends in a long stop, told before', () => {
    const { decisions, end } = play(FAST, terms());
    expect(decisions.at(-2)).toMatchObject({ kind: 'last-round', reason: 'no-gain' });
    expect(end).toEqual({ kind: 'stop', reason: 'no-gain' });
  });

  test('… stays where it is, where a stop may not be so long', () => {
    expect(play(FAST, terms({ maxDowntimeMs: 200 })).end).toEqual({
      kind: 'give-up',
      reason: 'no-gain',
    });
  });

  test('… is slowed down until the stop is as short as it may be, and no longer than needed', () => {
    const { precopy, end } = play(FAST, terms({ autoConverge: true, maxDowntimeMs: 100 }));
    expect(end.kind).toBe('stop');
    const last = precopy.rounds.at(-1)!;
    expect(last.throttlePercent).toBeGreaterThan(0);
    expect(last.estimatedStopMs).toBeLessThanOrEqual(100);
    for (const round of precopy.rounds.slice(1, -1)) {
      if (round.throttlePercent > 0) expect(round.estimatedStopMs).toBeGreaterThan(100);
    }
  });

  test('… is not slowed down where the longest stop that is allowed is enough', () => {
    const { precopy } = play(FAST, terms({ autoConverge: true, maxDowntimeMs: 1000 }));
    expect(precopy.rounds.every(({ throttlePercent }) => throttlePercent === 0)).toBe(true);
  });

  test('may be sent at a low rate only is stopped no longer for it: the rest has all of the link', () => {
    const slowly = { least: LINK / 20, most: LINK / 20 };
    const { precopy } = play(FAST, terms({ pace: slowly }));
    const { dirtied, estimatedStopMs } = precopy.rounds.at(-1)!;
    expect(estimatedStopMs).toBeCloseTo(5 + (dirtied * PAGE_BYTES * 1e3) / LINK, 3);
  });

  test('shares the link with others has a stop that is estimated by what it gets', () => {
    const quiet = { pagesPerSecond: 4000, workingSet: 2000 };
    const alone = play(quiet, terms(), LINK).precopy.rounds[0]!;
    const crowded = play(quiet, terms(), LINK / 8).precopy.rounds[0]!;
    expect(crowded.dirtied).toBe(alone.dirtied);
    expect(crowded.estimatedStopMs).toBeGreaterThan(6 * alone.estimatedStopMs);
  });
});
