import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { LinkShaper } from './link-shaper.ts';
import type { LinkShape } from './link-shaper.ts';

interface Sent {
  flow: string;
  seq: number;
  bytes: number;
}

const GIGABIT = 125_000_000;
const shape = (over: Partial<LinkShape> = {}): LinkShape => ({
  bandwidthBytesPerSecond: GIGABIT,
  latencyMs: 0,
  burstBytes: 0,
  ...over,
});
const shapes: fc.Arbitrary<LinkShape> = fc.record({
  bandwidthBytesPerSecond: fc.integer({ min: 1000, max: 1_000_000_000 }),
  latencyMs: fc.integer({ min: 0, max: 50 }),
  burstBytes: fc.integer({ min: 0, max: 200_000 }),
});
/** Messages of some flows, with pauses in between, and how late the pump is each time. */
const traffic = fc.array(
  fc.record({
    flow: fc.constantFrom('a', 'b', 'c'),
    bytes: fc.integer({ min: 1, max: 300_000 }),
    pauseMs: fc.constantFrom(0, 0, 0, 0.3, 7, 100),
    pumped: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('a link', () => {
  it('delivers everything once, each flow in order, never faster than its bandwidth', () => {
    fc.assert(
      fc.property(shapes, traffic, (link, messages) => {
        const shaper = new LinkShaper<Sent>(link);
        const arrived: { item: Sent; arrivesMs: number }[] = [];
        const sentMs: number[] = [];
        let now = 0;
        messages.forEach(({ flow, bytes, pauseMs, pumped }, seq) => {
          now += pauseMs;
          sentMs.push(now);
          shaper.enqueue(flow, { flow, seq, bytes }, bytes, now);
          if (pumped) arrived.push(...shaper.take(now));
        });
        for (let next = shaper.nextMs; next !== null; next = shaper.nextMs) {
          arrived.push(...shaper.take(next));
        }
        expect(arrived).toHaveLength(messages.length);
        let total = 0;
        let previousMs = 0;
        const lastOfFlow = new Map<string, number>();
        for (const { item, arrivesMs } of arrived) {
          total += item.bytes;
          const allowed =
            link.burstBytes + ((arrivesMs - link.latencyMs) * link.bandwidthBytesPerSecond) / 1e3;
          expect(total).toBeLessThanOrEqual(allowed * (1 + 1e-9) + 1e-3);
          expect(arrivesMs).toBeGreaterThanOrEqual((sentMs[item.seq] ?? 0) + link.latencyMs);
          expect(arrivesMs).toBeGreaterThanOrEqual(previousMs);
          expect(item.seq).toBeGreaterThan(lastOfFlow.get(item.flow) ?? -1);
          lastOfFlow.set(item.flow, item.seq);
          previousMs = arrivesMs;
        }
      }),
    );
  });

  it('carries its full bandwidth however late it is looked after', () => {
    const shaper = new LinkShaper<number>(shape());
    for (let seq = 0; seq < 100; seq++) shaper.enqueue('a', seq, 1 << 20, 0);
    let last = 0;
    for (let now = 0; now < 2000; now += 37) {
      for (const { arrivesMs } of shaper.take(now)) last = arrivesMs;
    }
    expect(last).toBeCloseTo((100 * (1 << 20) * 1e3) / GIGABIT, 6);
  });

  it('adds its latency to the time the bytes take', () => {
    const shaper = new LinkShaper<string>(shape({ latencyMs: 5 }));
    shaper.enqueue('a', 'chunk', 125_000, 100);
    expect(shaper.take(105.9)).toEqual([]);
    expect(shaper.take(106)).toEqual([{ flow: 'a', item: 'chunk', arrivesMs: 106 }]);
  });

  it('lets a small message of one flow pass in the middle of a large one of another', () => {
    const shaper = new LinkShaper<string>(shape());
    shaper.enqueue('bulk', 'large', 1 << 20, 0);
    shaper.enqueue('guest', 'small', 1000, 0);
    expect(shaper.take(1000).map(({ item }) => item)).toEqual(['small', 'large']);
  });

  it('gives a flow of small messages as much as one of large ones', () => {
    const shaper = new LinkShaper<string>(shape());
    for (let count = 0; count < 1000; count++) shaper.enqueue('guest', 'small', 1500, 0);
    for (let count = 0; count < 10; count++) shaper.enqueue('bulk', 'large', 256 << 10, 0);
    const small = shaper.take(10).filter(({ item }) => item === 'small');
    expect(small.length * 1500).toBeGreaterThan(0.45 * 10 * 125_000);
    expect(small.length * 1500).toBeLessThan(0.6 * 10 * 125_000);
    expect(shaper.waitingBytes('guest')).toBeLessThanOrEqual(1_500_000 - small.length * 1500);
    expect(shaper.waitingBytes('nobody')).toBe(0);
  });

  it('gives a flow as much more as it weighs, and all of it to one that is alone', () => {
    const shaper = new LinkShaper<string>(shape());
    for (let turn = 0; turn < 1000; turn++) {
      shaper.enqueue('guests', 'guests', 1514, 0, 4);
      shaper.enqueue('move', 'move', 1514, 0);
    }
    const all = shaper.take(Infinity);
    // While both want it: until the last of the guests'.
    const both = all.slice(0, all.findLastIndex(({ item }) => item === 'guests') + 1);
    const moves = both.filter(({ item }) => item === 'move').length;
    expect(1000 / moves).toBeGreaterThan(3.5);
    expect(1000 / moves).toBeLessThan(4.5);
    expect(all.at(-1)!.arrivesMs).toBeCloseTo((2000 * 1514 * 1e3) / GIGABIT, 6);
  });

  it('lets a burst leave at once after an idle time', () => {
    const shaper = new LinkShaper<string>(shape({ burstBytes: 10_000 }));
    shaper.enqueue('a', 'first', 10_000, 0);
    expect(shaper.take(0)).toHaveLength(1);
    shaper.enqueue('a', 'second', 10_000, 0);
    expect(shaper.take(0)).toHaveLength(0);
    expect(shaper.nextMs).toBeCloseTo(0.08, 9);
  });

  it('forgets what one flow has not sent, or everything', () => {
    const shaper = new LinkShaper<string>(shape());
    shaper.enqueue('a', 'a', 1000, 0);
    shaper.enqueue('b', 'b', 1000, 0);
    shaper.dropFlow('a');
    expect(shaper.take(1000).map(({ item }) => item)).toEqual(['b']);
    shaper.enqueue('a', 'a', 1000, 1000);
    shaper.clear();
    expect(shaper.take(5000)).toEqual([]);
    expect(shaper.nextMs).toBeNull();
  });

  it('refuses a shape that no link has', () => {
    for (const wrong of [
      { bandwidthBytesPerSecond: 0 },
      { latencyMs: -1 },
      { burstBytes: Number.NaN },
    ]) {
      expect(() => new LinkShaper(shape(wrong))).toThrow(RangeError);
    }
  });
});
