import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRing, RingConsumer, RingProducer } from './byte-ring.ts';

const CAPACITY = 64;

type Step =
  | { do: 'write'; bytes: Uint8Array }
  | { do: 'read'; limit: number }
  | { do: 'mark' }
  | { do: 'release' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('write' as const), bytes: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ do: fc.constant('read' as const), limit: fc.nat(40) }),
    fc.record({ do: fc.constant('mark' as const) }),
    fc.record({ do: fc.constant('release' as const) }),
  ),
  { maxLength: 80 },
);

describe('a ring whose producer holds', () => {
  it('shows what was written before the mark, and no byte more', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const ring = createRing(CAPACITY);
        const [producer, consumer] = [new RingProducer(ring), new RingConsumer(ring)];
        producer.hold();
        const written: number[] = [];
        const read: number[] = [];
        let [marked, shown, position] = [0, 0, producer.position];
        for (const step of all) {
          if (step.do === 'write') {
            const count = producer.write(step.bytes);
            expect(count).toBe(
              Math.min(step.bytes.length, CAPACITY - (written.length - read.length)),
            );
            written.push(...step.bytes.subarray(0, count));
          } else if (step.do === 'read') {
            read.push(...consumer.read(step.limit));
            expect(read.length).toBeLessThanOrEqual(shown);
          } else if (step.do === 'mark') [marked, position] = [written.length, producer.position];
          else {
            producer.release(position);
            shown = marked;
          }
        }
        producer.letGo();
        read.push(...consumer.read());
        expect(read).toEqual(written);
      }),
    );
  });

  it('is gone on with by a successor at the mark: what came after is written anew', () => {
    const ring = createRing(CAPACITY);
    const [lost, consumer] = [new RingProducer(ring), new RingConsumer(ring)];
    lost.hold();
    lost.write(Buffer.from('acknowledged '));
    const mark = lost.position;
    lost.write(Buffer.from('never told'));
    const successor = new RingProducer(ring);
    successor.resumeAt(mark);
    successor.write(Buffer.from('told'));
    expect(Buffer.from(consumer.read()).toString()).toBe('acknowledged told');
  });

  it('refuses positions that no ring has had', () => {
    const ring = createRing(CAPACITY);
    new RingProducer(ring).write(Buffer.alloc(10));
    const refused = (side: RingProducer | RingConsumer, at: number) => () => side.resumeAt(at);
    for (const at of [-1, 9, 10 + CAPACITY]) {
      expect(refused(new RingProducer(ring), at)).toThrow(RangeError);
    }
    for (const at of [-1, 11, 0xffff_ffff]) {
      expect(refused(new RingConsumer(ring), at)).toThrow(RangeError);
    }
  });
});

describe('a ring whose consumer holds', () => {
  it('keeps what was read, for a successor to read again', () => {
    const ring = createRing(CAPACITY);
    const [producer, lost] = [new RingProducer(ring), new RingConsumer(ring)];
    lost.hold();
    producer.write(Buffer.from('one two '));
    lost.read(4);
    const mark = lost.position;
    lost.release(mark);
    expect(Buffer.from(lost.read()).toString()).toBe('two ');
    producer.write(Buffer.alloc(CAPACITY, 'x'));
    expect(producer.free).toBe(0);
    const successor = new RingConsumer(ring);
    successor.resumeAt(mark);
    expect(Buffer.from(successor.peek(4)).toString()).toBe('two ');
    expect(Buffer.from(successor.read(4)).toString()).toBe('two ');
    expect(producer.free).toBe(4);
  });
});
