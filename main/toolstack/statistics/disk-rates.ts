/** What disks did in a second, from two readings of the counters in their rings. */
import type { DiskSample } from '../../../shared/contract/index.ts';
import { DiskCounter, diskCounters } from '../../dom0/index.ts';
import type { DiskSpec } from '../control/host.contract.ts';

interface Reading {
  atMs: number;
  counters: Float64Array;
}

export class DiskRates {
  private before = new Map<string, Reading>();
  private now = new Map<string, Reading>();

  /** Of the disks that a life of a domain has now; `life` names it. */
  sample(
    life: string,
    disks: readonly Pick<DiskSpec, 'name' | 'ring'>[],
    atMs: number,
  ): DiskSample[] {
    return disks.map(({ name, ring }) => {
      const key = `${life} ${name}`;
      const reading = { atMs, counters: diskCounters(ring).slice() };
      const before = this.before.get(key);
      this.now.set(key, reading);
      const rate = (counter: number): number => perSecond(before, reading, counter);
      return {
        name,
        readBytesPerSecond: rate(DiskCounter.bytesRead),
        writtenBytesPerSecond: rate(DiskCounter.bytesWritten),
        readsPerSecond: rate(DiskCounter.reads),
        writesPerSecond: rate(DiskCounter.writes),
      };
    });
  }

  /** What was read since the last turn is what the next one compares with. */
  turn(): void {
    this.before = this.now;
    this.now = new Map();
  }

  forget(): void {
    this.before = new Map();
    this.now = new Map();
  }
}

/** 0 without an earlier reading, or after the counters began anew. */
function perSecond(before: Reading | undefined, now: Reading, counter: number): number {
  if (!before || now.atMs <= before.atMs) return 0;
  const more = now.counters[counter]! - before.counters[counter]!;
  return Math.max(0, (more * 1000) / (now.atMs - before.atMs));
}
