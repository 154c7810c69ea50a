import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameRing, FrameConsumer, FrameProducer, frameRingCounters } from './frame-ring.ts';
import type { FrameOffload } from './frame-ring.ts';

interface Frame {
  bytes: Uint8Array;
  offload: FrameOffload;
}

function pair(capacity: number) {
  const ring = createFrameRing(capacity);
  const [producer, consumer] = [new FrameProducer(ring), new FrameConsumer(ring)];
  const put = ({ bytes, offload }: Frame): boolean =>
    producer.write(bytes.length, offload, (target) => target.set(bytes));
  const get = (): Frame | null => {
    let got: Frame | null = null;
    consumer.read((frame, offload) => ((got = { bytes: frame.slice(), offload }), true));
    return got;
  };
  return { ring, producer, consumer, put, get };
}

const frames: fc.Arbitrary<Frame> = fc.record({
  bytes: fc.uint8Array({ maxLength: 300 }),
  offload: fc.record({ checksumPartial: fc.boolean(), segmentBytes: fc.nat(0xffff) }),
});

describe('a frame ring', () => {
  it('gives every frame that it took, in order, whole, with what was left to others', () => {
    const steps = fc.array(fc.option(frames, { nil: null }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(steps, (all) => {
        const { producer, put, get } = pair(1024);
        const waiting: Frame[] = [];
        for (const step of all) {
          if (step && put(step)) waiting.push(step);
          else expect(get()).toEqual(waiting.shift() ?? null);
          expect(producer.waiting).toBe(waiting.length);
        }
        for (const frame of waiting) expect(get()).toEqual(frame);
        expect(get()).toBeNull();
      }),
    );
  });

  it('shows a frame that was held when the mark behind it is released, and none before', () => {
    const steps = fc.array(fc.oneof(frames, fc.constantFrom('mark', 'release', 'read')), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const { producer, put, get } = pair(1024);
        producer.hold();
        const waiting: Frame[] = [];
        let [marked, shown, position] = [0, 0, producer.position];
        for (const step of all) {
          if (step === 'mark') [marked, position] = [waiting.length, producer.position];
          else if (step === 'release') {
            producer.release(position);
            shown = Math.max(shown, marked);
          } else if (typeof step === 'object') {
            if (put(step)) waiting.push(step);
          } else if (shown > 0) {
            expect(get()).toEqual(waiting.shift());
            shown--;
            marked = Math.max(0, marked - 1);
          } else expect(get()).toBeNull();
        }
        producer.letGo();
        for (const frame of waiting) expect(get()).toEqual(frame);
        expect(get()).toBeNull();
      }),
    );
  });

  it('goes on when its counts overflow', () => {
    const { ring, put, get } = pair(256);
    new Int32Array(ring, 0, 2).fill(-128);
    const frame = { bytes: new Uint8Array(100).fill(7), offload: NONE };
    for (let turn = 0; turn < 20; turn++) {
      expect(put(frame)).toBe(true);
      expect(get()).toEqual(frame);
    }
  });

  it('has no room for more than it holds, nor ever for half of it', () => {
    const { put, get } = pair(1024);
    const of = (length: number): Frame => ({ bytes: new Uint8Array(length), offload: NONE });
    expect(put(of(505))).toBe(false);
    expect(put(of(504))).toBe(true);
    expect(put(of(504))).toBe(true);
    expect(put(of(0))).toBe(false);
    get();
    expect(put(of(496))).toBe(true);
  });

  it('counts what was put in, for whoever looks', () => {
    const { ring, put } = pair(256);
    for (let turn = 0; turn < 5; turn++) put({ bytes: new Uint8Array(60), offload: NONE });
    expect(frameRingCounters(ring)).toEqual({ frames: 3, bytes: 180 });
  });

  it('lets no more wait than its consumer wants, but always one frame', () => {
    const { put, get, consumer } = pair(1024);
    const of = (length: number): Frame => ({ bytes: new Uint8Array(length), offload: NONE });
    consumer.limit(100);
    expect(put(of(400))).toBe(true);
    expect(put(of(1))).toBe(false);
    get();
    expect(put(of(40))).toBe(true);
    expect(put(of(40))).toBe(true);
    expect(put(of(40))).toBe(false);
    consumer.limit(null);
    expect(put(of(40))).toBe(true);
  });

  it('tells its consumer once that there was no room', () => {
    const { put, get, consumer } = pair(256);
    const frame = { bytes: new Uint8Array(100), offload: NONE };
    put(frame);
    put(frame);
    expect(consumer.takeRefused()).toBe(false);
    put(frame);
    get();
    expect([consumer.takeRefused(), consumer.takeRefused()]).toEqual([true, false]);
  });

  it('keeps a frame that was not taken', () => {
    const { put, get, consumer } = pair(1024);
    const frame = { bytes: Uint8Array.of(1, 2, 3), offload: NONE };
    put(frame);
    expect(consumer.read(() => false)).toBe(false);
    expect(get()).toEqual(frame);
  });

  it('wakes who waits for a frame, or for the end', async () => {
    const { put, consumer, producer } = pair(1024);
    const first = consumer.readableOrNudged();
    put({ bytes: new Uint8Array(1), offload: NONE });
    await first;
    consumer.read(() => true);
    const second = consumer.readableOrNudged();
    producer.close();
    await second;
    expect(consumer.closed).toBe(true);
  });

  it('never reads beyond itself, whatever stands in it', () => {
    const bytes = fc.uint8Array({ minLength: 256, maxLength: 256 });
    const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
    fc.assert(
      fc.property(bytes, word, word, (content, produced, consumed) => {
        const { ring, consumer } = pair(256);
        new Uint8Array(ring, 40).set(content);
        new Int32Array(ring, 0, 2).set([produced, consumed]);
        try {
          consumer.read((frame) => frame.length <= 256);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

const NONE: FrameOffload = { checksumPartial: false, segmentBytes: 0 };
