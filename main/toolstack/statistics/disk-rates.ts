/** What disks did in a second, from two readings of the counters in their rings. */
import type { DiskSample } from '../../../shared/contract/index.ts';
import { DiskCounter, diskCounters } from '../../dom0/index.ts';
import type { DiskSpec } from '../control/host.contract.ts';
import { perSecond, Readings } from './rates.ts';
import type { TimedReading } from './rates.ts';

interface Reading extends TimedReading {
  counters: Float64Array;
}

export class DiskRates extends Readings<Reading> {
  /** Of the disks that a life of a domain has now; `life` names it. */
  sample(
    life: string,
    disks: readonly Pick<DiskSpec, 'name' | 'ring'>[],
    atMs: number,
  ): DiskSample[] {
    return disks.map(({ name, ring }) => {
      const reading = { atMs, counters: diskCounters(ring).slice() };
      const before = this.put(`${life} ${name}`, reading);
      const rate = (counter: number): number =>
        perSecond(before, reading, ({ counters }) => counters[counter]!);
      return {
        name,
        readBytesPerSecond: rate(DiskCounter.bytesRead),
        writtenBytesPerSecond: rate(DiskCounter.bytesWritten),
        readsPerSecond: rate(DiskCounter.reads),
        writesPerSecond: rate(DiskCounter.writes),
      };
    });
  }
}
