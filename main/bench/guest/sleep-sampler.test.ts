import { describe, expect, it } from 'vitest';
import { parseTimes, parseTrace } from './sleep-sampler.ts';

describe('parseTrace', () => {
  it('takes the sleeps of 10 ms from what a kernel traces of all', () => {
    const text = `
           sleep-312     [000] .....   101.100000: sys_clock_nanosleep_time32(which_clock: 0, flags: 0, rqtp: bfd4, rmtp: bfd4)
           sleep-312     [000] .....   102.108000: sys_clock_nanosleep_time32 -> 0x0
           sleep-313     [000] .....   102.120000: sys_clock_nanosleep_time32(which_clock: 0, flags: 0, rqtp: bfd4, rmtp: bfd4)
           sleep-313     [000] .....   102.120040: sys_clock_nanosleep_time32 -> 0x0
           sleep-314     [000] .....   103.100000: sys_clock_nanosleep_time32(which_clock: 0, flags: 0, rqtp: bfd4, rmtp: bfd4)
           sleep-314     [000] d....   103.114500: sys_clock_nanosleep_time32 -> 0x0`;
    expect(parseTrace(text).map((ms) => ms.toFixed(1))).toEqual(['4.5']);
  });

  it('refuses a guest that traced nothing', () => {
    expect(() => parseTrace('# tracer: nop\n')).toThrow(RangeError);
  });
});

describe('parseTimes', () => {
  it('takes what starting the program costs from the time beyond 10 ms', () => {
    const text = [
      '1795241116.000000 1795241116.004000 1795241117.000000 1795241117.015500',
      '1795241119.000000 1795241119.004000 1795241120.000000 1795241120.024000',
    ].join('\n');
    const { emptySleepMs, programOverrunMs } = parseTimes(`${text}\n`);
    expect(emptySleepMs).toBeCloseTo(4, 2);
    expect(programOverrunMs.map((ms) => ms.toFixed(1))).toEqual(['1.5', '10.0']);
  });

  it('leaves out lines that are torn', () => {
    const { programOverrunMs } = parseTimes('1.0 1.1\n1.0 1.001 2.0 2.012\n1.0 1.0 x 2.0\n');
    expect(programOverrunMs).toHaveLength(1);
  });

  it('refuses a guest that sampled nothing', () => {
    expect(() => parseTimes('')).toThrow(RangeError);
  });
});
