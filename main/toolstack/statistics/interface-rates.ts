/** What interfaces did in a second, from two readings of the counters in their rings. */
import type { InterfaceSample } from '../../../shared/contract/index.ts';
import { frameRingCounters } from '../../../shared/ring/frame-ring.ts';
import type { VifSpec } from '../control/host.contract.ts';

type Counts = ReturnType<typeof frameRingCounters>;

interface Reading {
  atMs: number;
  sent: Counts;
  received: Counts;
}

export class InterfaceRates {
  private before = new Map<string, Reading>();
  private now = new Map<string, Reading>();

  /** Of the interfaces that a life of a domain has now; `life` names it. */
  sample(
    life: string,
    vifs: readonly Pick<VifSpec, 'handle' | 'sent' | 'received'>[],
    atMs: number,
  ): InterfaceSample[] {
    return vifs.map(({ handle, ...rings }) => {
      const key = `${life} ${handle}`;
      const reading: Reading = {
        atMs,
        sent: frameRingCounters(rings.sent),
        received: frameRingCounters(rings.received),
      };
      const before = this.before.get(key);
      this.now.set(key, reading);
      const rate = (way: 'sent' | 'received', count: keyof Counts): number =>
        perSecond(before, reading, way, count);
      return {
        handle,
        sentBytesPerSecond: rate('sent', 'bytes'),
        receivedBytesPerSecond: rate('received', 'bytes'),
        sentFramesPerSecond: rate('sent', 'frames'),
        receivedFramesPerSecond: rate('received', 'frames'),
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

/** 0 without an earlier reading, or after a move: the counters began anew. */
function perSecond(
  before: Reading | undefined,
  now: Reading,
  way: 'sent' | 'received',
  count: keyof Counts,
): number {
  if (!before || now.atMs <= before.atMs) return 0;
  const more = now[way][count] - before[way][count];
  return Math.max(0, (more * 1000) / (now.atMs - before.atMs));
}
