/** The sending half of a connection: what was written, until it is acknowledged. */
import { TcpFlag } from '../protocol/tcp.ts';
import { Congestion } from './congestion.ts';
import { RoundTrip } from './round-trip.ts';
import { SendQueue } from './send-queue.ts';
import { advance, distance } from './sequence.ts';

/** A segment to be sent: the caller adds what the receiving half knows. */
export interface OutgoingSegment {
  sequence: number;
  /** FIN and PSH, or SYN. */
  flags: number;
  payloadBytes: number;
  fill(payload: Uint8Array): void;
}

export interface TcpSenderOptions {
  initialSequence: number;
  /** Most bytes of one segment: several times the MSS where a super-frame may leave. */
  burstBytes: number;
  now: () => number;
  transmit(segment: OutgoingSegment): void;
  /** {@link TcpSender.timerMs} is another. */
  timerSet(): void;
}

/** Writers should pause beyond the one and may go on below the other. */
export const SEND_HIGH_WATER_BYTES = 512 << 10;
export const SEND_LOW_WATER_BYTES = 256 << 10;
/** A peer that answers nothing for this long (about 5 minutes) is gone (RFC 9293, R2 ≥ 100 s). */
const TIMEOUTS_MAX = 11;
const SYN_TIMEOUTS_MAX = 5;
/** An opened window is told without being asked: probes are for when that was lost. */
const PROBE_MS_MIN = 1000;

export class TcpSender {
  /** When {@link onTimer} wants to be called; null: not at all. */
  timerMs: number | null = null;
  private readonly options: TcpSenderOptions;
  private readonly queue = new SendQueue();
  private readonly roundTrip = new RoundTrip();
  private congestion: Congestion;
  private mss = 536;
  /** The oldest sequence number not acknowledged, the next to send, the highest sent. */
  private una: number;
  private nxt: number;
  private max: number;
  private window = 0;
  private windowShift = 0;
  private windowFrom = { sequence: 0, acknowledgment: 0 };
  private synAcknowledged = false;
  private finWanted = false;
  private finAcknowledged = false;
  /** Karn's algorithm: what was sent twice is not timed. */
  private timed: { sequence: number; atMs: number } | null = null;

  constructor(options: TcpSenderOptions) {
    this.options = options;
    this.una = this.nxt = this.max = options.initialSequence;
    this.congestion = new Congestion(this.mss, this.max);
  }

  /**
   * For segments without payload. Not {@link nxt}, which goes back after a timeout: the peer would
   * answer what lies before its window, and two such peers each other without end.
   */
  get next(): number {
    return this.max;
  }

  get queuedBytes(): number {
    return this.queue.length;
  }

  get isFinished(): boolean {
    return this.finAcknowledged;
  }

  get segmentBytes(): number {
    return this.mss;
  }

  sendSyn(): void {
    this.nxt = this.max = advance(this.una, 1);
    this.options.transmit({
      sequence: this.una,
      flags: TcpFlag.syn,
      payloadBytes: 0,
      fill: () => undefined,
    });
    this.timed = { sequence: this.nxt, atMs: this.options.now() };
    this.arm();
  }

  /** The peer has answered the SYN. @param windowShift of what it sends from now on */
  opened(mss: number, windowShift: number): void {
    this.mss = mss;
    this.windowShift = windowShift;
    this.congestion = new Congestion(mss, this.max);
  }

  write(chunk: Uint8Array): void {
    this.queue.push(chunk);
    this.output();
  }

  end(): void {
    this.finWanted = true;
    this.output();
  }

  /** Whether this acknowledges something that was never sent. */
  isBeyond(acknowledgment: number): boolean {
    return distance(acknowledgment, this.max) > 0;
  }

  acknowledgesSyn(acknowledgment: number): boolean {
    return this.max === acknowledgment && !this.synAcknowledged;
  }

  /** @param window as in the header. @param isBare the segment has nothing else to say */
  acknowledge(sequence: number, acknowledgment: number, window: number, isBare: boolean): void {
    const acked = distance(acknowledgment, this.una);
    if (acked < 0) return;
    const isUpdate = this.updateWindow(sequence, acknowledgment, window);
    this.roundTrip.heard();
    if (acked > 0) this.advanceTo(acknowledgment, acked);
    else if (isBare && !isUpdate && this.inFlight > 0) {
      if (this.congestion.duplicate(this.inFlight, this.una, this.max)) this.retransmit();
    }
    // Whatever the timer was for (a probe), it is not for what is sent now.
    if (isUpdate && this.inFlight === 0) this.timerMs = null;
    this.output();
  }

  /** @returns false when the peer is to be given up */
  onTimer(): boolean {
    if (this.timerMs === null || this.options.now() < this.timerMs) return true;
    const limit = this.synAcknowledged ? TIMEOUTS_MAX : SYN_TIMEOUTS_MAX;
    if (this.roundTrip.timeouts >= limit) return false;
    this.roundTrip.timedOut();
    this.timed = null;
    if (!this.synAcknowledged) {
      this.sendSyn();
      this.timed = null;
      return true;
    }
    if (this.inFlight === 0) this.probe();
    else {
      this.congestion.timedOut(this.inFlight, this.max);
      // Everything beyond the segment that is sent again now counts as lost.
      this.nxt = this.una;
      this.retransmit();
    }
    this.arm();
    this.output();
    return true;
  }

  /** Nothing more will be sent. */
  stop(): void {
    this.timerMs = null;
    this.queue.clear();
  }

  private get inFlight(): number {
    return distance(this.max, this.una);
  }

  private advanceTo(acknowledgment: number, acked: number): void {
    let bytes = acked;
    if (!this.synAcknowledged) {
      this.synAcknowledged = true;
      bytes--;
    }
    if (bytes > this.queue.length) {
      this.finAcknowledged = true;
      bytes = this.queue.length;
    }
    this.queue.drop(bytes);
    this.una = acknowledgment;
    if (distance(this.nxt, this.una) < 0) this.nxt = this.una;
    if (this.timed && distance(acknowledgment, this.timed.sequence) >= 0) {
      this.roundTrip.sample(this.options.now() - this.timed.atMs);
      this.timed = null;
    }
    if (this.congestion.acknowledged(acked, acknowledgment) && this.inFlight > 0) {
      this.retransmit();
    }
    this.arm();
  }

  /** RFC 9293 section 3.10.7.4: an older segment does not change the window. */
  private updateWindow(sequence: number, acknowledgment: number, window: number): boolean {
    const from = this.windowFrom;
    const isNewer =
      this.window === 0 ||
      distance(sequence, from.sequence) > 0 ||
      (sequence === from.sequence && distance(acknowledgment, from.acknowledgment) >= 0);
    if (!isNewer) return false;
    this.windowFrom = { sequence, acknowledgment };
    const scaled = window * 2 ** this.windowShift;
    const changed = scaled !== this.window;
    this.window = scaled;
    return changed;
  }

  /** Sends what the windows allow. */
  private output(): void {
    if (!this.synAcknowledged) return;
    for (;;) {
      const offset = distance(this.nxt, this.una);
      const unsent = this.queue.length - offset;
      const finLeft = this.finWanted && !this.finAcknowledged && unsent === 0;
      if (unsent <= 0 && !finLeft) break;
      const room = Math.min(this.window, this.congestion.window) - offset;
      if (finLeft) {
        if (room <= 0 && offset > 0) break;
        this.send(0, offset);
        break;
      }
      const bytes = this.portion(unsent, room, offset);
      if (bytes <= 0) break;
      this.send(bytes, offset);
    }
    if (this.timerMs === null) this.arm();
  }

  /** Whole segments while more follow; a small one only when the wire is idle (RFC 9293, 3.8.6.2.1). */
  private portion(unsent: number, room: number, offset: number): number {
    const most = Math.min(unsent, room, this.options.burstBytes);
    if (most === unsent) return most;
    if (most >= this.mss) return most - (most % this.mss);
    return offset === 0 ? most : 0;
  }

  private send(bytes: number, offset: number): void {
    const payloadBytes = Math.min(bytes, this.queue.length - offset);
    const isLast = offset + payloadBytes === this.queue.length;
    const hasFin = isLast && this.finWanted && !this.finAcknowledged;
    const sequence = advance(this.una, offset);
    const end = advance(sequence, payloadBytes + (hasFin ? 1 : 0));
    if (distance(end, this.nxt) > 0) this.nxt = end;
    if (distance(end, this.max) > 0) {
      this.max = end;
      this.timed ??= { sequence: end, atMs: this.options.now() };
    }
    const flags = (hasFin ? TcpFlag.fin : 0) | (isLast && payloadBytes > 0 ? TcpFlag.psh : 0);
    this.options.transmit({
      sequence,
      flags,
      payloadBytes,
      fill: (payload) => this.queue.copy(offset, payload),
    });
    if (this.timerMs === null) this.arm();
  }

  /**
   * Makes the peer tell its window, by what it knows already: nothing lies beyond its window then,
   * and no acknowledgment of ours (RFC 9293 section 3.8.6.1 would send a byte).
   */
  private probe(): void {
    const sequence = advance(this.una, -1);
    this.options.transmit({ sequence, flags: 0, payloadBytes: 0, fill: () => undefined });
  }

  /** Sends the oldest segment again, whatever the windows say: at least a byte of it. */
  private retransmit(): void {
    this.timed = null;
    this.send(Math.min(this.mss, Math.max(1, this.window)), 0);
  }

  private arm(): void {
    const unsent = this.queue.length - distance(this.nxt, this.una);
    const waits = this.inFlight > 0 || (this.synAcknowledged && unsent > 0);
    const { timeoutMs } = this.roundTrip;
    const waitMs = this.inFlight > 0 ? timeoutMs : Math.max(PROBE_MS_MIN, timeoutMs);
    this.timerMs = waits ? this.options.now() + waitMs : null;
    this.options.timerSet();
  }
}
