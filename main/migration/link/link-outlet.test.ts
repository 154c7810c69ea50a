import { describe, expect, it } from 'vitest';
import { nowMs } from './flow.contract.ts';
import { LinkOutlet } from './link-outlet.ts';

const SHAPE = { bandwidthBytesPerSecond: 1_000_000, latencyMs: 0, burstBytes: 0 };

describe('what leaves a host', () => {
  it('sends again what its link loses, which takes time', async () => {
    const outlet = new LinkOutlet(SHAPE, 0.5);
    const startMs = nowMs();
    const arrivesMs = await new Promise<number>((resolve) =>
      outlet.enqueue('a move', 10_000, resolve),
    );
    expect(arrivesMs - startMs).toBeGreaterThanOrEqual(20);
  });

  it('takes the same time for a frame that gets lost', async () => {
    const throws = [0.9, 0.1, 0.9];
    const outlet = new LinkOutlet(SHAPE, 0.5, () => throws.shift()!);
    const ended: string[] = [];
    const times = await new Promise<number[]>((resolve) => {
      const arrived: number[] = [];
      for (const name of ['first', 'second', 'third']) {
        outlet.enqueueFrame('a guest', 5_000, (arrivesMs) => {
          ended.push(arrivesMs === null ? `${name} is lost` : name);
          if (arrivesMs !== null) arrived.push(arrivesMs);
          if (name === 'third') resolve(arrived);
        });
      }
    });
    expect(ended).toEqual(['first', 'second is lost', 'third']);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(10);
  });

  it.each([-0.1, 1, Number.NaN])('refuses to lose %s of its frames', (loss) => {
    expect(() => new LinkOutlet(SHAPE, loss)).toThrow(RangeError);
  });
});
