import { describe, expect, it } from 'vitest';
import type { StatisticsSample } from '../../shared/contract/schemas.ts';
import { HISTORY_LENGTH } from './history.ts';
import { Statistics } from './statistics.ts';

function sample(timeMs: number, cpu: Record<string, number>): StatisticsSample {
  return {
    timeMs,
    hosts: [],
    domains: Object.entries(cpu).map(([uuid, cpuPercent]) => ({
      uuid,
      cpuPercent,
      cpuTimeMs: 0,
      memory: { actualKiB: 1, targetKiB: 1, minimumKiB: 1, maximumKiB: 1 },
      hypercallsPerSecond: 0,
      eventsPerSecond: 0,
      disks: [],
      interfaces: [],
    })),
  };
}

describe('the statistics of the site', () => {
  it('tell each listener of its own domain', () => {
    const statistics = new Statistics();
    const heard: string[] = [];
    statistics.subscribeDomain('a', () => heard.push('a'));
    const undo = statistics.subscribeDomain('b', () => heard.push('b'));
    statistics.add(sample(1000, { a: 1, b: 2 }));
    undo();
    statistics.add(sample(2000, { a: 3, b: 4 }));
    expect(heard).toEqual(['a', 'b', 'a']);
    expect(statistics.domain('a').latest?.cpuPercent).toBe(3);
  });

  it('have no latest figure for a domain that a sample leaves out', () => {
    const statistics = new Statistics();
    statistics.add(sample(1000, { a: 1 }));
    statistics.add(sample(2000, {}));
    expect(statistics.domain('a').latest).toBeNull();
    expect(statistics.domain('a').history.length).toBe(1);
  });

  it('keep a minute of each device, and the sums of each domain', () => {
    const statistics = new Statistics();
    const one = sample(1000, { a: 1 });
    one.domains[0]!.disks = ['xvda', 'xvdb'].map((name) => ({
      name,
      readBytesPerSecond: 100,
      writtenBytesPerSecond: 20,
      readsPerSecond: 1,
      writesPerSecond: 1,
    }));
    one.domains[0]!.interfaces = [
      {
        handle: 0,
        sentBytesPerSecond: 7,
        receivedBytesPerSecond: 5,
        sentFramesPerSecond: 1,
        receivedFramesPerSecond: 1,
      },
    ];
    statistics.add(one);
    expect(statistics.domain('a').history.value('diskRead', 0)).toBe(200);
    expect(statistics.domain('a').history.value('sent', 0)).toBe(7);
    expect(statistics.device('a', 'xvdb').value('outOf', 0)).toBe(20);
    expect(statistics.device('a', 0).value('into', 0)).toBe(5);
    statistics.add(sample(70_000, {}));
    statistics.add(sample(140_000, {}));
    expect(statistics.device('a', 'xvdb').length).toBe(0);
  });

  it('keep the newest rows, newest first', () => {
    const statistics = new Statistics();
    const count = HISTORY_LENGTH + 10;
    for (let second = 1; second <= count; second++) {
      statistics.add(sample(second * 1000, { a: second % 100 }));
    }
    const { history } = statistics.domain('a');
    expect(history.length).toBe(HISTORY_LENGTH);
    expect(history.timeMs(0)).toBe(count * 1000);
    expect(history.value('cpuPercent', 0)).toBe(count % 100);
    expect(history.timeMs(HISTORY_LENGTH - 1)).toBe((count - HISTORY_LENGTH + 1) * 1000);
  });
});
