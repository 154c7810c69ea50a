import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TcpFlag } from '../protocol/tcp.ts';
import type { TcpHeader, TcpSegment } from '../protocol/tcp.ts';
import { TcpWire } from '../testing/tcp-wire.ts';
import type { WirePlan } from '../testing/tcp-wire.ts';
import { Reassembly } from './reassembly.ts';
import { RECEIVE_BUFFER_BYTES } from './tcp-receiver.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { TcpEvents } from './tcp-connection.ts';

const HOUR_MS = 3_600_000;
const clean: WirePlan = {
  fates: [{ copies: 1, delaysMs: [1] }],
  initialSequences: [100, 0xffff_ff00],
  mss: [1460, 1460],
  burstBytes: [1460, 1460],
};

function bytes(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

const SILENT: TcpEvents = {
  opened: () => undefined,
  data: () => undefined,
  ended: () => undefined,
  writable: () => undefined,
  closed: () => undefined,
};

const EMPTY_SEGMENT: TcpSegment = {
  sourcePort: 2,
  destinationPort: 1,
  payloadAt: 0,
  payloadEnd: 0,
  sequence: 0,
  acknowledgment: 0,
  flags: 0,
  window: 9,
  mss: null,
  windowShift: null,
};

interface Traffic {
  written: readonly [Uint8Array, Uint8Array];
  chunkBytes: number;
  /** Simulated milliseconds between looks at what came; 0: consumed at once. */
  consumeEveryMs: number;
}

/** Opens, sends all of both ways, ends both, and runs until nothing happens. */
function transfer(plan: WirePlan, { written, chunkBytes, consumeEveryMs }: Traffic): TcpWire {
  const wire = new TcpWire(plan, written);
  wire.sides[0].connection.connect();
  wire.sides.forEach((side, index) => {
    const all = written[index] ?? new Uint8Array(0);
    let at = 0;
    const pump = (): void => {
      const isReady = side.connection.state !== 'closed' && side.connection.state !== 'listen';
      while (isReady && at < all.length) {
        const chunk = all.slice(at, at + chunkBytes);
        at += chunk.length;
        if (!side.connection.write(chunk)) break;
      }
      if (isReady && at >= all.length) side.connection.end();
      else if (!side.closed) wire.at(10, pump);
    };
    wire.at(0, pump);
    const consume = (): void => {
      side.connection.consumed(side.pendingConsumption);
      side.pendingConsumption = 0;
      if (!side.closed) wire.at(Math.max(1, consumeEveryMs), consume);
    };
    wire.at(0, consume);
  });
  wire.run(HOUR_MS);
  return wire;
}

function expectDelivered(wire: TcpWire, written: readonly [Uint8Array, Uint8Array]): void {
  expect(wire.judge.problems).toEqual([]);
  wire.sides.forEach((side, index) => {
    const expected = written[1 - index] ?? new Uint8Array(0);
    expect(side.receivedBytes).toBe(expected.length);
    expect(Buffer.concat(side.received).equals(expected)).toBe(true);
    expect(side).toMatchObject({ opened: true, ended: true, closed: 'finished' });
    expect(side.connection.nextMs).toBeNull();
  });
}

const sequence = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0xffff_ffff, 0xffff_f000, 0));
const fate = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ copies: 1, delaysMs: [1] }) },
  {
    weight: 4,
    arbitrary: fc.record({
      copies: fc.constantFrom(0, 1, 1, 2, 3),
      delaysMs: fc.array(fc.nat(50), { minLength: 3, maxLength: 3 }),
    }),
  },
);
// A wire that loses everything has nothing to prove.
const plans: fc.Arbitrary<WirePlan> = fc.record({
  fates: fc
    .array(fate, { minLength: 7, maxLength: 60, size: 'max' })
    .filter((fates) => fates.filter(({ copies }) => copies > 0).length > 0.7 * fates.length),
  initialSequences: fc.tuple(sequence, sequence),
  mss: fc.tuple(fc.constantFrom(100, 536, 1460), fc.constantFrom(100, 1460, 8960)),
  burstBytes: fc.tuple(fc.constantFrom(1460, 64_000), fc.constantFrom(100, 64_000)),
});

describe('a TCP connection', () => {
  it('delivers exactly what was written, both ways, over a wire that loses, doubles and reorders', () => {
    fc.assert(
      fc.property(
        plans,
        fc.nat(60_000),
        fc.nat(60_000),
        fc.integer({ min: 1, max: 20_000 }),
        fc.constantFrom(0, 0, 30, 500),
        (plan, there, back, chunkBytes, consumeEveryMs) => {
          const written = [bytes(there, 3), bytes(back, 5)] as const;
          const traffic = { written, chunkBytes: Math.max(chunkBytes, 50), consumeEveryMs };
          expectDelivered(transfer(plan, traffic), written);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('carries much more than its buffers and the sequence space around zero', () => {
    const written = [bytes(3_000_000, 7), bytes(1_000_000, 9)] as const;
    const plan: WirePlan = { ...clean, burstBytes: [64_240, 1460] };
    const wire = transfer(plan, { written, chunkBytes: 65_536, consumeEveryMs: 5 });
    expectDelivered(wire, written);
    expect(wire.sides[0].writable).toBeGreaterThan(0);
  });

  it('waits for a reader that is slow, and goes on when it reads again', () => {
    const written = [bytes(1_000_000), new Uint8Array(0)] as const;
    const wire = new TcpWire(clean, written);
    const [left, right] = wire.sides;
    left.connection.connect();
    wire.run(10);
    expect(left.connection.write(written[0].slice())).toBe(false);
    left.connection.end();
    wire.run(60_000);
    // Windows are told in units of 8 bytes.
    const full = right.receivedBytes;
    expect(full).toBeGreaterThan(RECEIVE_BUFFER_BYTES - 8);
    expect(full).toBeLessThanOrEqual(RECEIVE_BUFFER_BYTES);
    const before = wire.sent;
    wire.run(600_000);
    expect(wire.sent - before).toBeGreaterThan(2);
    expect(right.receivedBytes).toBe(full);
    while (!right.ended) {
      right.connection.consumed(right.pendingConsumption);
      right.pendingConsumption = 0;
      wire.run(wire.nowMs + 1000);
    }
    expect(Buffer.concat(right.received).equals(written[0])).toBe(true);
    expect(wire.judge.problems).toEqual([]);
  });

  it('lets one side end and go on listening', () => {
    const written = [bytes(10), bytes(5000)] as const;
    const wire = new TcpWire(clean, written);
    const [left, right] = wire.sides;
    left.connection.connect();
    left.connection.write(written[0].slice());
    left.connection.end();
    wire.run(1000);
    expect(right.ended).toBe(true);
    expect(left.connection.state).toBe('fin-wait');
    right.connection.write(written[1].slice());
    right.connection.end();
    wire.run(60_000);
    expect(left.receivedBytes).toBe(5000);
    expect([left.closed, right.closed]).toEqual(['finished', 'finished']);
  });

  it('tells a reset at once', () => {
    const wire = new TcpWire(clean, [bytes(10), bytes(0)]);
    const [left, right] = wire.sides;
    left.connection.connect();
    wire.run(100);
    right.connection.reset();
    wire.run(200);
    expect([left.closed, right.closed]).toEqual(['reset', 'reset']);
    expect(wire.sides.map(({ connection }) => connection.nextMs)).toEqual([null, null]);
  });

  it('gives a peer up that does not answer, whether it ever did or not', () => {
    const wire = new TcpWire(clean, [bytes(10), bytes(0)]);
    const [left, right] = wire.sides;
    left.connection.connect();
    wire.run(100);
    wire.cut = true;
    left.connection.write(bytes(10));
    wire.run(HOUR_MS);
    expect(left.closed).toBe('timeout');
    expect(right.closed).toBeNull();
    const alone = new TcpWire({ ...clean, fates: [{ copies: 0, delaysMs: [] }] }, [
      bytes(0),
      bytes(0),
    ]);
    alone.sides[0].connection.connect();
    alone.run(HOUR_MS);
    expect(alone.sides[0].closed).toBe('timeout');
    expect(alone.sent).toBe(6);
  });

  it('is not moved by resets and SYNs that do not fit (RFC 5961)', () => {
    const wire = new TcpWire(clean, [bytes(0), bytes(0)]);
    const [left] = wire.sides;
    left.connection.connect();
    wire.run(100);
    const forged: TcpSegment = {
      sourcePort: 1001,
      destinationPort: 1000,
      sequence: 0xffff_ff00 + 50,
      acknowledgment: 101,
      flags: TcpFlag.rst,
      window: 1000,
      mss: null,
      windowShift: null,
      payloadAt: 0,
      payloadEnd: 0,
    };
    for (const flags of [TcpFlag.rst, TcpFlag.syn, TcpFlag.syn | TcpFlag.ack, 0, TcpFlag.fin]) {
      for (const sequence of [forged.sequence, 5, 0xffff_0000]) {
        left.connection.receive({ ...forged, flags, sequence }, new Uint8Array(0));
      }
    }
    left.connection.receive({ ...forged, flags: TcpFlag.ack, acknowledgment: 9999 }, bytes(1));
    expect(left.connection.state).toBe('established');
    expect([left.receivedBytes, left.ended, left.closed]).toEqual([0, false, null]);
    left.connection.receive({ ...forged, sequence: 0xffff_ff01 }, new Uint8Array(0));
    expect(left.closed).toBe('reset');
  });

  it('ends what its peer remembers of a connection of before, and then opens', () => {
    const sent: TcpHeader[] = [];
    let nowMs = 0;
    const connection = new TcpConnection({
      localPort: 1,
      remotePort: 2,
      initialSequence: 100,
      mss: 1460,
      burstBytes: 1460,
      now: () => nowMs,
      transmit: (header) => sent.push(header),
      timerSet: () => undefined,
      events: SILENT,
    });
    const answer = { ...EMPTY_SEGMENT, sequence: 7000, mss: 1460 };
    connection.connect();
    connection.receive({ ...answer, flags: TcpFlag.ack, acknowledgment: 9000 }, bytes(0));
    expect(sent.at(-1)).toMatchObject({ flags: TcpFlag.rst, sequence: 9000 });
    expect(connection.state).toBe('syn-sent');
    nowMs = connection.nextMs!;
    connection.onTimer();
    expect(sent.at(-1)).toMatchObject({ flags: TcpFlag.syn, sequence: 100 });
    const flags = TcpFlag.syn | TcpFlag.ack;
    connection.receive({ ...answer, flags, acknowledgment: 101 }, bytes(0));
    expect(connection.state).toBe('established');
  });

  it('survives any segments: never an exception, never more than it can hold', () => {
    const segments = fc.record({
      step: fc.integer({ min: -3, max: 300_000 }),
      ackStep: fc.integer({ min: -3, max: 3 }),
      flags: fc.nat(255),
      window: fc.constantFrom(0, 1, 65_535),
      bytes: fc.nat(3000),
      option: fc.constantFrom(null, 0, 1, 14),
    });
    fc.assert(
      fc.property(fc.array(segments, { maxLength: 60, size: 'max' }), (hostile) => {
        let held = 0;
        let nowMs = 0;
        let sent = 0;
        const connection = new TcpConnection({
          localPort: 1,
          remotePort: 2,
          initialSequence: 0,
          mss: 1460,
          burstBytes: 1460,
          now: () => nowMs,
          transmit: () => sent++,
          timerSet: () => undefined,
          events: { ...SILENT, data: ({ length }) => (held += length) },
        });
        connection.listen({ ...EMPTY_SEGMENT, flags: TcpFlag.syn, mss: 0, windowShift: 14 });
        connection.accept();
        connection.write(bytes(5000));
        for (const { step, ackStep, flags, window, bytes: count, option } of hostile) {
          nowMs += 10;
          const segment = {
            ...EMPTY_SEGMENT,
            sequence: (1 + held + (step % 5 === 0 ? step : 0)) >>> 0,
            acknowledgment: (1 + ackStep) >>> 0,
            flags: flags & ~TcpFlag.rst,
            window,
            mss: option,
            windowShift: option,
          };
          connection.receive(segment, bytes(count));
          connection.onTimer();
        }
        expect(held).toBeLessThanOrEqual(RECEIVE_BUFFER_BYTES);
        // Each segment may be answered by an acknowledgment and by what it lets out, in pieces of 64.
        expect(sent).toBeLessThan(6 * hostile.length + 5000);
      }),
      { numRuns: 300 },
    );
  });
});

describe('reassembly', () => {
  it('holds no more than its bounds, however it is cut', () => {
    const reassembly = new Reassembly();
    for (let at = 2; at < 4000; at += 2) reassembly.put(at, Uint8Array.of(1), 1000);
    expect(reassembly.take(1)).toBeNull();
    let pieces = 0;
    for (let at = 2; reassembly.take(at) !== null; at += 2) pieces++;
    expect(pieces).toBe(512);
  });
});
