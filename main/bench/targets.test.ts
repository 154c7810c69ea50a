import { describe, expect, it } from 'vitest';
import { BENCH_NAMES } from './bench.ts';
import { describeTarget, figureAt, meets, TARGETS } from './targets.ts';

describe('targets', () => {
  it('are there for every benchmark but those that only report', () => {
    const reports = BENCH_NAMES.filter((name) => TARGETS[name].length === 0);
    expect(reports).toEqual(['hotplug']);
  });

  it('are met at their bound and not beyond it', () => {
    expect(meets({ key: 'x', atMost: 1.03 }, 1.03)).toBe(true);
    expect(meets({ key: 'x', atMost: 1.03 }, 1.0301)).toBe(false);
    expect(meets({ key: 'x', atLeast: 2 }, 2)).toBe(true);
    expect(meets({ key: 'x', atLeast: 2 }, 1.99)).toBe(false);
    expect(meets({ key: 'x', isTrue: true }, true)).toBe(true);
    expect(meets({ key: 'x', isTrue: true }, false)).toBe(false);
  });

  it('are not met by what was not measured', () => {
    for (const figure of [null, undefined, NaN, true]) {
      expect(meets({ key: 'x', atMost: 1 }, figure)).toBe(false);
    }
  });

  it('find figures in groups, and nothing where there is none', () => {
    const figures = { ratio: 2, idle: { downtime_ms: { p50: 3 }, gap_ms: null } };
    expect(figureAt(figures, 'ratio')).toBe(2);
    expect(figureAt(figures, 'idle.downtime_ms.p50')).toBe(3);
    expect(figureAt(figures, 'idle.gap_ms')).toBeNull();
    for (const key of ['idle', 'web.gap_ms', 'idle.gap_ms.p50', 'ratio.p50']) {
      expect(figureAt(figures, key)).toBeUndefined();
    }
  });

  it('read as people write them', () => {
    expect(describeTarget({ key: 'ratio', atMost: 0.05 })).toBe('ratio <= 0.05');
    expect(describeTarget({ key: 'flood_ratio', atLeast: 2 })).toBe('flood_ratio >= 2');
    expect(describeTarget({ key: 'exact', isTrue: true })).toBe('exact is true');
  });
});
