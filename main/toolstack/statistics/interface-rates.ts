/** What interfaces did in a second, from two readings of the counters in their rings. */
import type { InterfaceSample } from '../../../shared/contract/index.ts';
import { frameRingCounters } from '../../../shared/ring/frame-ring.ts';
import type { VifSpec } from '../control/host.contract.ts';
import { perSecond, Readings } from './rates.ts';
import type { TimedReading } from './rates.ts';

type Counts = ReturnType<typeof frameRingCounters>;

interface Reading extends TimedReading {
  sent: Counts;
  received: Counts;
}

export class InterfaceRates extends Readings<Reading> {
  /** Of the interfaces that a life of a domain has now; `life` names it. */
  sample(
    life: string,
    vifs: readonly Pick<VifSpec, 'handle' | 'sent' | 'received'>[],
    atMs: number,
  ): InterfaceSample[] {
    return vifs.map(({ handle, ...rings }) => {
      const reading: Reading = {
        atMs,
        sent: frameRingCounters(rings.sent),
        received: frameRingCounters(rings.received),
      };
      const before = this.put(`${life} ${handle}`, reading);
      const rate = (count: (reading: Reading) => number): number =>
        perSecond(before, reading, count);
      return {
        handle,
        sentBytesPerSecond: rate(({ sent }) => sent.bytes),
        receivedBytesPerSecond: rate(({ received }) => received.bytes),
        sentFramesPerSecond: rate(({ sent }) => sent.frames),
        receivedFramesPerSecond: rate(({ received }) => received.frames),
      };
    });
  }
}
