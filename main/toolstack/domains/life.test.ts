import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance, aliveIn, can } from './life.ts';
import type { Life, Step } from './life.ts';

const REST = { state: 'shut-off', reason: null, wasRunning: false } as Life;
const alive = { domid: 3, startedAtMs: 0 };

const steps: fc.Arbitrary<Step> = fc.constantFrom<Step>(
  { step: 'start', alive },
  { step: 'started', atMs: 5 },
  { step: 'start-failed' },
  { step: 'pause' },
  { step: 'unpause' },
  { step: 'ask-shutdown', intent: 'poweroff' },
  { step: 'shutdown-refused' },
  { step: 'migrate', target: 'beta' },
  { step: 'migrate-ended' },
  { step: 'end', reason: 'off' },
  { step: 'crash', reason: 'why' },
);

function walk(...path: Step[]): Life {
  return path.reduce((life, step) => advance('web1', life, step), REST);
}

describe('the life of a domain', () => {
  test('a start that fails leads back to where it began', () => {
    const crashed = walk({ step: 'start', alive }, { step: 'crash', reason: 'bug' });
    const again = advance('web1', crashed, { step: 'start', alive });
    expect(advance('web1', again, { step: 'start-failed' })).toEqual(crashed);
  });

  test('it keeps its domid from start to end', () => {
    const life = walk(
      { step: 'start', alive },
      { step: 'started', atMs: 9 },
      { step: 'migrate', target: 'beta' },
      { step: 'migrate-ended' },
      { step: 'pause' },
    );
    expect(aliveIn(life)).toEqual({ domid: 3, startedAtMs: 9 });
  });

  test('a pause that nobody asked for keeps its reason until it goes on', () => {
    const failed = walk(
      { step: 'start', alive },
      { step: 'started', atMs: 9 },
      { step: 'ask-shutdown', intent: 'poweroff' },
      { step: 'pause', reason: 'no space' },
    );
    expect(failed).toMatchObject({ state: 'paused', reason: 'no space' });
    expect(advance('web1', failed, { step: 'unpause' })).not.toHaveProperty('reason');
  });

  test('a step that makes no sense is refused, with what it is and the way out', () => {
    expect(() => walk({ step: 'pause' })).toThrow(
      expect.objectContaining({
        code: 'domain.wrong-state',
        message: 'Domain web1 is shut off, so it cannot be paused. Start it first.',
      }),
    );
  });

  test('whatever is done to it: a refused step changes nothing, and every life can end', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 30 }), (path) => {
        let life = REST;
        for (const step of path) {
          if (can(life, step.step)) life = advance('web1', life, step);
          else expect(() => advance('web1', life, step)).toThrow();
          expect(aliveIn(life) === null).toBe(
            life.state === 'shut-off' || life.state === 'crashed',
          );
        }
        if (aliveIn(life)) life = advance('web1', life, { step: 'end', reason: null });
        expect(can(life, 'start')).toBe(true);
      }),
    );
  });
});
