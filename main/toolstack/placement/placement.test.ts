import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryLedger } from './memory-ledger.ts';
import { checkTarget, planMemory } from './memory-rules.ts';
import { place } from './placement.ts';
import { budgetFromEnvironment } from './budget-settings.ts';
import { ProcessBudget } from './process-budget.ts';

const MIB = 1024;
const GIB = 1024 * MIB;

describe('placement', () => {
  test('takes the host with most free memory, and the first by name among equals', () => {
    const hosts = [
      { name: 'gamma', up: true, drained: false, availableKiB: 500 * MIB },
      { name: 'beta', up: true, drained: false, availableKiB: 900 * MIB },
      { name: 'alpha', up: true, drained: false, availableKiB: 900 * MIB },
      { name: 'down', up: false, drained: false, availableKiB: 9 * GIB },
      { name: 'drained', up: true, drained: true, availableKiB: 9 * GIB },
    ];
    expect(place(hosts, 128 * MIB, 'web1')).toBe('alpha');
  });

  test('says of each host why it cannot', () => {
    const hosts = [
      { name: 'alpha', up: true, drained: false, availableKiB: 100 * MIB },
      { name: 'beta', up: false, drained: false, availableKiB: 0 },
      { name: 'gamma', up: true, drained: true, availableKiB: 9 * GIB },
    ];
    expect(() => place(hosts, 128 * MIB, 'web1')).toThrow(
      expect.objectContaining({
        code: 'placement.no-host',
        message: expect.stringContaining(
          'alpha has 100 MiB free, beta is down, gamma is drained',
        ) as string,
      }),
    );
  });

  test('without any host says how to add one', () => {
    expect(() => place([], 1, 'web1')).toThrow(/domus host add/);
  });
});

describe('what of a host is spoken for', () => {
  test('two starts cannot count on the same frames', () => {
    const ledger = new MemoryLedger(
      'alpha',
      () => 200 * MIB,
      () => [],
    );
    const release = ledger.reserve(128 * MIB, 'one');
    expect(() => ledger.reserve(128 * MIB, 'two')).toThrow(
      expect.objectContaining({
        code: 'host.out-of-memory',
        message: expect.stringMatching(/72 MiB free of the 128 MiB/) as string,
      }),
    );
    release();
    release();
    ledger.reserve(128 * MIB, 'two');
  });

  test('a balloon that was told to grow has a claim on what it has not taken yet', () => {
    const domain = { targetKiB: 256 * MIB, actualKiB: 64 * MIB };
    const ledger = new MemoryLedger(
      'alpha',
      () => 200 * MIB,
      () => [domain],
    );
    expect(ledger.availableKiB).toBe(8 * MIB);
    domain.actualKiB = 256 * MIB;
    expect(ledger.availableKiB).toBe(200 * MIB);
  });
});

describe('memory that may be asked for', () => {
  const largestKiB = 992 * MIB;

  test('a clone without a maximum gets the class above its memory, a cold boot just its memory', () => {
    const clone = planMemory({ memoryMiB: 160, boot: 'clone' }, largestKiB);
    expect(clone).toEqual({ memoryKiB: 160 * MIB, maxMemoryKiB: 256 * MIB });
    const cold = planMemory({ memoryMiB: 160, boot: 'cold' }, largestKiB);
    expect(cold).toEqual({ memoryKiB: 160 * MIB, maxMemoryKiB: 160 * MIB });
  });

  test('a stated maximum is taken as it is; the default memory stays below it', () => {
    expect(planMemory({ maxMemoryMiB: 200, boot: 'clone' }, largestKiB)).toEqual({
      memoryKiB: 128 * MIB,
      maxMemoryKiB: 200 * MIB,
    });
    expect(planMemory({ maxMemoryMiB: 80, boot: 'clone' }, largestKiB).memoryKiB).toBe(80 * MIB);
  });

  test('no class is chosen that no host could hold', () => {
    const plan = planMemory({ memoryMiB: 950, boot: 'clone' }, largestKiB);
    expect(plan.maxMemoryKiB).toBe(950 * MIB);
  });

  test.each([
    [{ memoryMiB: 1 }, 'memory.too-small'],
    [{ memoryMiB: 64, maxMemoryMiB: 32 }, 'memory.too-small'],
    [{ memoryMiB: 128, maxMemoryMiB: 64 }, 'memory.above-maximum'],
    [{ memoryMiB: 4096 }, 'memory.too-large'],
  ])('%j is refused', (asked, code) => {
    expect(() => planMemory({ ...asked, boot: 'clone' }, largestKiB)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('every plan that is accepted keeps memory between its bounds', () => {
    const miB = fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined });
    fc.assert(
      fc.property(miB, miB, fc.boolean(), (memoryMiB, maxMemoryMiB, cold) => {
        try {
          const boot = cold ? 'cold' : 'clone';
          const plan = planMemory({ memoryMiB, maxMemoryMiB, boot }, largestKiB);
          checkTarget(plan.memoryKiB, plan.maxMemoryKiB);
          expect(plan.memoryKiB % 4).toBe(0);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^memory\./) as string });
        }
      }),
    );
  });
});

describe('what the process can carry', () => {
  test('a domain that is on its way counts before its memory is resident', () => {
    const budget = new ProcessBudget({ limitMiB: 400 }, () => 100 * 2 ** 20);
    const first = budget.admit(128 * MIB, 'one');
    expect(() => budget.admit(128 * MIB, 'two')).toThrow(
      expect.objectContaining({
        code: 'budget.no-memory',
        data: { needMiB: 188, usedMiB: 288, limitMiB: 400 },
      }),
    );
    first.settled();
    budget.admit(128 * MIB, 'two');
  });

  test('the number of domains is bounded, and an ended one frees its place once', () => {
    const budget = new ProcessBudget({ limitMiB: 9999, maxDomains: 1 }, () => 0);
    const first = budget.admit(64 * MIB, 'one');
    expect(() => budget.admit(64 * MIB, 'two')).toThrow(/1 domains run/);
    first.ended();
    first.ended();
    budget.admit(64 * MIB, 'two');
    expect(budget.usage).toMatchObject({ domains: 1, maxDomains: 1, limitMiB: 9999 });
  });

  test('settings that are no numbers are refused by name', () => {
    expect(budgetFromEnvironment({ DOMUS_BUDGET_MIB: '2048' }).limitMiB).toBe(2048);
    expect(() => budgetFromEnvironment({ DOMUS_BUDGET_MIB: '-1' })).toThrow(/DOMUS_BUDGET_MIB/);
  });
});
