import { describe, expect, it } from 'vitest';
import { parseSamples } from './sleep-sampler.ts';

describe('parseSamples', () => {
  it('takes what starting the program costs from the time beyond 10 ms', () => {
    const text = [
      '1795241116.000000 1795241116.004000 1795241117.000000 1795241117.015500 1795241118.0 1795241118.011',
      '1795241119.000000 1795241119.004000 1795241120.000000 1795241120.024000 1795241121.0 1795241121.012',
    ].join('\n');
    const { emptySleepMs, overrunMs, timerOverrunMs } = parseSamples(`${text}\n`);
    expect(emptySleepMs).toBeCloseTo(4, 2);
    expect(overrunMs.map((ms) => ms.toFixed(1))).toEqual(['1.5', '10.0']);
    expect(timerOverrunMs.map((ms) => ms.toFixed(1))).toEqual(['1.0', '2.0']);
  });

  it('leaves out lines that are torn', () => {
    const { overrunMs } = parseSamples(
      '1.0 1.1\n1.0 1.001 2.0 2.012 3.0 3.01\n1.0 1.0 x 2.0 3 3\n',
    );
    expect(overrunMs).toHaveLength(1);
  });

  it('refuses a guest that sampled nothing', () => {
    expect(() => parseSamples('')).toThrow(RangeError);
  });
});
