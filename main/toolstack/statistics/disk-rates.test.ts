import { expect, test } from 'vitest';
import { createDiskRing, DiskCounter, diskCounters } from '../../dom0/index.ts';
import { DiskRates } from './disk-rates.ts';

test('a disk’s rates are what its counters gained, over the time that passed', () => {
  const rates = new DiskRates();
  const ring = createDiskRing(4096);
  const counters = diskCounters(ring);
  const disks = [{ name: 'xvda', ring }];
  counters[DiskCounter.bytesRead] = 1e6;
  const still = {
    name: 'xvda',
    readBytesPerSecond: 0,
    writtenBytesPerSecond: 0,
    readsPerSecond: 0,
    writesPerSecond: 0,
  };
  expect(rates.sample('life', disks, 0)).toEqual([still]);
  rates.turn();
  counters[DiskCounter.bytesRead]! += 8192;
  counters[DiskCounter.reads]! += 2;
  counters[DiskCounter.bytesWritten]! += 512;
  counters[DiskCounter.writes]! += 1;
  expect(rates.sample('life', disks, 2000)).toEqual([
    {
      name: 'xvda',
      readBytesPerSecond: 4096,
      writtenBytesPerSecond: 256,
      readsPerSecond: 1,
      writesPerSecond: 0.5,
    },
  ]);
  rates.turn();
  const another = [{ name: 'xvda', ring: createDiskRing(4096) }];
  expect(rates.sample('life', another, 3000)).toEqual([still]);
  rates.turn();
  expect(rates.sample('next life', another, 4000)).toEqual([still]);
});
