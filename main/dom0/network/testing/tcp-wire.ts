/**
 * Two connections joined by a wire in simulated time that loses, doubles and delays segments; and
 * a judge on it that knows TCP's promises and what was written, but nothing of the connections.
 */
import type { Route } from '../protocol/endpoints.ts';
import { viewOf } from '../protocol/ethernet.ts';
import { readIpv4 } from '../protocol/ipv4.ts';
import { TcpFlag, isTcpIntact, readTcp, startTcp } from '../protocol/tcp.ts';
import type { TcpSegment } from '../protocol/tcp.ts';
import { TcpConnection } from '../tcp/tcp-connection.ts';
import type { TcpCloseReason } from '../tcp/tcp-connection.ts';

export interface WirePlan {
  /** For each segment in turn, and from the start again: where it goes. */
  fates: readonly { copies: number; delaysMs: readonly number[] }[];
  initialSequences: readonly [number, number];
  mss: readonly [number, number];
  burstBytes: readonly [number, number];
}

const routes: readonly [Route, Route] = [
  { sourceMac: 2, destinationMac: 4, source: 0x0a000001, destination: 0x0a000002 },
  { sourceMac: 4, destinationMac: 2, source: 0x0a000002, destination: 0x0a000001 },
];

/** Far more than any transfer of the tests needs. */
const SEGMENTS_MAX = 200_000;

/** What one side has promised and said. */
class Judge {
  readonly problems: string[] = [];
  private readonly sides = [0, 1].map(() => ({
    start: null as number | null,
    shift: null as number | null,
    mss: 536,
    rightEdge: 0,
    ended: null as number | null,
  }));
  private readonly written: readonly [Uint8Array, Uint8Array];

  constructor(written: readonly [Uint8Array, Uint8Array]) {
    this.written = written;
  }

  see(from: 0 | 1, segment: TcpSegment, payload: Uint8Array): void {
    const own = this.sides[from];
    const peer = this.sides[1 - from];
    if (!own || !peer) return;
    const isSyn = (segment.flags & TcpFlag.syn) !== 0;
    if (isSyn) {
      own.start = (segment.sequence + 1) >>> 0;
      own.shift = segment.windowShift;
      own.mss = segment.mss ?? 536;
    }
    const at = (segment.sequence + (isSyn ? 1 : 0) - (own.start ?? 0)) | 0;
    const end = at + payload.length;
    if ((segment.flags & TcpFlag.ack) !== 0) {
      const acked = (segment.acknowledgment - (peer.start ?? 0)) | 0;
      const scale = isSyn || own.shift === null || peer.shift === null ? 1 : 2 ** own.shift;
      const edge = acked + segment.window * scale;
      if (edge < own.rightEdge - 8)
        this.problems.push(`${from} took ${edge} back: ${own.rightEdge}`);
      own.rightEdge = Math.max(own.rightEdge, edge);
    }
    const expected = this.written[from].subarray(at, end);
    if (payload.length > 0 && !Buffer.from(expected).equals(payload)) {
      this.problems.push(`${from} sent other bytes than were written at ${at}`);
    }
    if (payload.length > 0 && end > peer.rightEdge) {
      this.problems.push(`${from} sent up to ${end}, beyond the window's ${peer.rightEdge}`);
    }
    if (own.ended !== null && payload.length > 0 && end > own.ended)
      this.problems.push(`${from} sent after its FIN`);
    if ((segment.flags & TcpFlag.fin) !== 0) own.ended = end;
  }
}

export class WireSide {
  readonly received: Uint8Array[] = [];
  receivedBytes = 0;
  ended = false;
  opened = false;
  closed: TcpCloseReason | null = null;
  connection!: TcpConnection;
  /** What it takes in at a time, and how often; slower than it comes makes windows close. */
  pendingConsumption = 0;
  writable = 0;
  /** Its timer, as far as it has told. */
  timerToldMs: number = Infinity;
}

export class TcpWire {
  nowMs = 0;
  readonly sides: readonly [WireSide, WireSide] = [new WireSide(), new WireSide()];
  readonly judge: Judge;
  sent = 0;
  /** Between nothing and this side passes, while set. */
  cut = false;
  private readonly plan: WirePlan;
  private events: { atMs: number; run: () => void }[] = [];

  constructor(plan: WirePlan, written: readonly [Uint8Array, Uint8Array]) {
    this.plan = plan;
    this.judge = new Judge(written);
    for (const index of [0, 1] as const) this.sides[index].connection = this.makeSide(index);
  }

  at(delayMs: number, run: () => void): void {
    this.events.push({ atMs: this.nowMs + delayMs, run });
  }

  /** Runs until nothing is left to do, or `untilMs`. */
  run(untilMs: number): void {
    for (;;) {
      const timers = this.sides.map(({ connection }) => connection.nextMs ?? Infinity);
      this.sides.forEach(({ timerToldMs }, index) => {
        const isLate = timerToldMs > (timers[index] ?? Infinity);
        if (isLate) this.judge.problems.push(`${index} did not tell when its timer is`);
      });
      const next = Math.min(...timers, ...this.events.map(({ atMs }) => atMs));
      if (next > untilMs) return;
      this.nowMs = Math.max(this.nowMs, next);
      const due = this.events.filter(({ atMs }) => atMs <= this.nowMs);
      this.events = this.events.filter(({ atMs }) => atMs > this.nowMs);
      for (const { run } of due) run();
      for (const { connection } of this.sides) {
        if ((connection.nextMs ?? Infinity) <= this.nowMs) connection.onTimer();
      }
    }
  }

  private makeSide(index: 0 | 1): TcpConnection {
    const side = this.sides[index];
    return new TcpConnection({
      localPort: 1000 + index,
      remotePort: 1001 - index,
      initialSequence: this.plan.initialSequences[index],
      mss: this.plan.mss[index],
      burstBytes: this.plan.burstBytes[index],
      now: () => this.nowMs,
      transmit: (header, payloadBytes, fill) => {
        const unfinished = startTcp(routes[index], header, payloadBytes);
        fill(unfinished.payload);
        this.carry(index, unfinished.finish());
      },
      timerSet: () => (side.timerToldMs = side.connection.nextMs ?? Infinity),
      events: {
        opened: () => (side.opened = true),
        data: (bytes) => {
          side.received.push(Uint8Array.from(bytes));
          side.receivedBytes += bytes.length;
          side.pendingConsumption += bytes.length;
        },
        ended: () => (side.ended = true),
        writable: () => side.writable++,
        closed: (reason) => {
          if (side.closed) throw new Error('closed twice');
          side.closed = reason;
        },
      },
    });
  }

  private carry(from: 0 | 1, frame: Uint8Array): void {
    const { segment, payload } = parse(frame);
    this.judge.see(from, segment, payload);
    if (this.sent > SEGMENTS_MAX) throw new Error('the two answer each other without end');
    const fate = this.plan.fates[this.sent++ % this.plan.fates.length];
    const to = from === 0 ? 1 : 0;
    for (let copy = 0; copy < (fate?.copies ?? 1); copy++) {
      this.at(fate?.delaysMs[copy] ?? 1, () => {
        if (!this.cut) this.arrive(to, segment, payload);
      });
    }
  }

  private arrive(to: 0 | 1, segment: TcpSegment, payload: Uint8Array): void {
    const { connection } = this.sides[to];
    if (to === 1 && connection.state === 'closed' && (segment.flags & TcpFlag.syn) !== 0) {
      if (this.sides[1].closed) return;
      connection.listen(segment);
      connection.accept();
    } else connection.receive(segment, payload);
  }
}

function parse(frame: Uint8Array): { segment: TcpSegment; payload: Uint8Array } {
  const view = viewOf(frame);
  const ip = readIpv4(view);
  const segment = ip && readTcp(view, ip);
  if (!ip || !segment || !isTcpIntact(view, ip)) throw new Error('a damaged segment was sent');
  return { segment, payload: frame.subarray(segment.payloadAt, segment.payloadEnd) };
}
