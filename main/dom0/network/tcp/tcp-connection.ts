/**
 * One end of a TCP connection (RFC 9293) as a state machine over segments and time. It knows no
 * sockets and no frames.
 *
 * Not here, because the wire is short and the peers are ours to bound: SACK, timestamps, urgent
 * data, delayed acknowledgments, Nagle's algorithm.
 */
import { TcpFlag } from '../protocol/tcp.ts';
import type { TcpHeader, TcpSegment } from '../protocol/tcp.ts';
import { advance } from './sequence.ts';
import { RECEIVE_WINDOW_SHIFT, TcpReceiver } from './tcp-receiver.ts';
import { SEND_HIGH_WATER_BYTES, SEND_LOW_WATER_BYTES, TcpSender } from './tcp-sender.ts';
import type { OutgoingSegment } from './tcp-sender.ts';

export type TcpState =
  /** A SYN came; the owner has not said yet whether it is accepted. */
  | 'listen'
  | 'syn-sent'
  | 'syn-received'
  | 'established'
  | 'fin-wait'
  | 'close-wait'
  /** Both have ended and our FIN is not acknowledged: the peer's was first, or both at once. */
  | 'last-ack'
  | 'closing'
  | 'time-wait'
  | 'closed';

/** `finished`: both sides ended. `reset`: by the peer, or by {@link TcpConnection.reset}. */
export type TcpCloseReason = 'finished' | 'reset' | 'timeout';

export interface TcpEvents {
  opened(): void;
  /** Valid during the call; on the connection's account until `consumed` is called for it. */
  data(bytes: Uint8Array): void;
  /** The peer sends no more. */
  ended(): void;
  /** There is room again, after `write` said that there is none. */
  writable(): void;
  /** Once, and last. */
  closed(reason: TcpCloseReason): void;
}

export interface TcpConnectionOptions {
  readonly localPort: number;
  readonly remotePort: number;
  /** Random (RFC 6528). */
  readonly initialSequence: number;
  /** The largest payload that fits the MTU. */
  readonly mss: number;
  /** Most payload of one segment that is sent; above the MSS, a super-frame. */
  readonly burstBytes: number;
  readonly now: () => number;
  /** `fill` writes the payload; `segmentBytes` is what to cut it to. */
  transmit(
    header: TcpHeader,
    payloadBytes: number,
    fill: (payload: Uint8Array) => void,
    segmentBytes: number,
  ): void;
  /** {@link TcpConnection.nextMs} may be another. */
  timerSet(): void;
  readonly events: TcpEvents;
}

/** What a peer without the option takes (RFC 9293 section 3.7.1). */
const DEFAULT_MSS = 536;
/** A peer that asks for less wants to make us work. */
const MSS_MIN = 64;
/** The last acknowledgment may get lost. The wire is short: far less than RFC 9293's minutes. */
const TIME_WAIT_MS = 2000;
/** Of bare segments outside of the window; as Linux has it (tcp_invalid_ratelimit). */
const ANSWER_EVERY_MS = 500;

export class TcpConnection {
  private current: TcpState = 'closed';
  private readonly options: TcpConnectionOptions;
  private readonly sender: TcpSender;
  private receiver: TcpReceiver | null = null;
  private syn: TcpSegment | null = null;
  private timeWaitMs: number | null = null;
  private waitsForRoom = false;
  private endTold = false;
  private answeredMs = Number.NEGATIVE_INFINITY;

  constructor(options: TcpConnectionOptions) {
    this.options = options;
    const { initialSequence, burstBytes, now } = options;
    this.sender = new TcpSender({
      initialSequence,
      burstBytes,
      now,
      transmit: (segment) => this.transmit(segment),
      timerSet: () => options.timerSet(),
    });
  }

  get state(): TcpState {
    return this.current;
  }

  /** When {@link onTimer} should be called; null: no need. */
  get nextMs(): number | null {
    return this.timeWaitMs ?? this.sender.timerMs;
  }

  /** Opens the connection from here. */
  connect(): void {
    this.current = 'syn-sent';
    this.sender.sendSyn();
  }

  /** A peer's SYN, to be answered by {@link accept} or {@link reset}. */
  listen(syn: TcpSegment): void {
    this.current = 'listen';
    this.receiver = new TcpReceiver(syn.sequence, (bytes) => this.options.events.data(bytes));
    if (syn.windowShift !== null) this.receiver.scaleBy(RECEIVE_WINDOW_SHIFT);
    this.syn = syn;
  }

  accept(): void {
    if (this.current !== 'listen') return;
    this.current = 'syn-received';
    this.sender.sendSyn();
  }

  /** @returns false when the writer should wait for `writable`; the bytes are taken all the same */
  write(bytes: Uint8Array): boolean {
    if (this.current === 'closed') return true;
    this.sender.write(bytes);
    this.waitsForRoom ||= this.sender.queuedBytes >= SEND_HIGH_WATER_BYTES;
    return !this.waitsForRoom;
  }

  /** Nothing more is written. */
  end(): void {
    if (this.current === 'closed') return;
    this.sender.end();
    if (this.current === 'established') this.current = 'fin-wait';
    else if (this.current === 'close-wait') this.current = 'last-ack';
    else this.endTold = true;
  }

  /** Ends it at once, both ways; the peer is told. */
  reset(): void {
    if (this.current === 'closed') return;
    if (this.current === 'listen') this.reply(TcpFlag.rst | TcpFlag.ack, 0);
    else if (this.current !== 'syn-sent') this.reply(TcpFlag.rst | TcpFlag.ack, this.sender.next);
    this.close('reset');
  }

  /** The owner has done with so many bytes of `data`: the peer may send as many more. */
  consumed(bytes: number): void {
    if (!this.receiver || this.current === 'closed') return;
    if (this.receiver.consumed(bytes, this.sender.segmentBytes)) this.acknowledge();
  }

  onTimer(): void {
    if (this.timeWaitMs !== null) {
      if (this.options.now() >= this.timeWaitMs) this.close('finished');
    } else if (!this.sender.onTimer()) {
      if (this.receiver) this.reply(TcpFlag.rst | TcpFlag.ack, this.sender.next);
      this.close('timeout');
    }
  }

  /** A segment of this connection, with the view of its payload. */
  receive(segment: TcpSegment, payload: Uint8Array): void {
    if (this.current === 'closed' || this.current === 'listen') {
      if ((segment.flags & TcpFlag.rst) !== 0 && this.current === 'listen') this.close('reset');
    } else if (this.current === 'syn-sent') this.receiveAnswer(segment);
    else if (this.receiver) this.receiveSegment(segment, payload, this.receiver);
  }

  private receiveAnswer(segment: TcpSegment): void {
    const { flags, acknowledgment } = segment;
    if ((flags & TcpFlag.ack) === 0) return;
    const isReset = (flags & TcpFlag.rst) !== 0;
    if (!this.sender.acknowledgesSyn(acknowledgment)) {
      // The peer still knows a connection of before: it is told that this is over (RFC 9293 3.10.7.3).
      if (!isReset) this.reply(TcpFlag.rst, acknowledgment);
      return;
    }
    if (isReset) {
      this.close('reset');
      return;
    }
    if ((flags & TcpFlag.syn) === 0) return;
    this.receiver = new TcpReceiver(segment.sequence, (bytes) => this.options.events.data(bytes));
    if (segment.windowShift !== null) this.receiver.scaleBy(RECEIVE_WINDOW_SHIFT);
    this.open(segment);
    this.sender.acknowledge(segment.sequence, acknowledgment, unscaled(segment), false);
    this.acknowledge();
    this.options.events.opened();
  }

  /** Bare segments are answered (probes are such), but never so that two answer each other. */
  private mayAnswer(): boolean {
    const now = this.options.now();
    if (now - this.answeredMs < ANSWER_EVERY_MS) return false;
    this.answeredMs = now;
    return true;
  }

  /** Agrees on options with the peer's SYN. */
  private open(syn: TcpSegment): void {
    const mss = Math.max(MSS_MIN, Math.min(this.options.mss, syn.mss ?? DEFAULT_MSS));
    this.sender.opened(mss, syn.windowShift ?? 0);
    this.current = this.endTold ? 'fin-wait' : 'established';
  }

  private receiveSegment(segment: TcpSegment, payload: Uint8Array, receiver: TcpReceiver): void {
    const { flags, sequence } = segment;
    const isSyn = (flags & TcpFlag.syn) !== 0;
    const hasFin = (flags & TcpFlag.fin) !== 0;
    const isReset = (flags & TcpFlag.rst) !== 0;
    const bytes = payload.length + (isSyn ? 1 : 0) + (hasFin ? 1 : 0);
    if (!receiver.isAcceptable(sequence, bytes)) {
      if (isReset) return;
      if (isSyn && this.current === 'syn-received') this.sender.sendSyn();
      else if (bytes > 0 || this.mayAnswer()) this.acknowledge();
      if (this.current === 'time-wait' && bytes > 0) this.waitAgain();
      return;
    }
    // A reset must be exact and a SYN is never right: both are answered with what is (RFC 5961).
    if (isReset && sequence === receiver.next) this.close('reset');
    else if (isReset || isSyn) this.acknowledge();
    else if ((flags & TcpFlag.ack) !== 0) {
      if (!this.receiveAcknowledgment(segment, bytes === 0)) return;
      if (bytes > 0) this.receivePayload(sequence, payload, hasFin, receiver);
    }
  }

  /** @returns false when the segment is to be dropped */
  private receiveAcknowledgment(segment: TcpSegment, isBare: boolean): boolean {
    const { sequence, acknowledgment, window } = segment;
    if (this.current === 'syn-received') {
      if (!this.sender.acknowledgesSyn(acknowledgment) || !this.syn) {
        this.reply(TcpFlag.rst, acknowledgment);
        return false;
      }
      this.open(this.syn);
      this.sender.acknowledge(sequence, acknowledgment, window, false);
      this.options.events.opened();
    } else if (this.sender.isBeyond(acknowledgment)) {
      this.acknowledge();
      return false;
    } else this.sender.acknowledge(sequence, acknowledgment, window, isBare);
    this.afterAcknowledgment();
    return this.state !== 'closed';
  }

  private afterAcknowledgment(): void {
    if (this.sender.isFinished && this.receiver?.isFinished) this.finish();
    if (this.waitsForRoom && this.sender.queuedBytes < SEND_LOW_WATER_BYTES) {
      this.waitsForRoom = false;
      this.options.events.writable();
    }
  }

  private receivePayload(
    sequence: number,
    payload: Uint8Array,
    hasFin: boolean,
    receiver: TcpReceiver,
  ): void {
    const wasFinished = receiver.isFinished;
    receiver.receive(sequence, payload, hasFin);
    if (this.state === 'closed') return;
    this.acknowledge();
    if (wasFinished || !receiver.isFinished) return;
    if (this.current === 'established') this.current = 'close-wait';
    else if (this.sender.isFinished) this.finish();
    else this.current = 'closing';
    this.options.events.ended();
  }

  /** Both ends are done. Who ended first waits, in case its last acknowledgment was lost. */
  private finish(): void {
    if (this.current === 'last-ack') this.close('finished');
    else if (this.current !== 'time-wait') {
      this.current = 'time-wait';
      this.sender.stop();
      this.waitAgain();
    }
  }

  private waitAgain(): void {
    this.timeWaitMs = this.options.now() + TIME_WAIT_MS;
    this.options.timerSet();
  }

  private close(reason: TcpCloseReason): void {
    if (this.current === 'closed') return;
    this.current = 'closed';
    this.timeWaitMs = null;
    this.sender.stop();
    this.options.events.closed(reason);
  }

  private acknowledge(): void {
    this.reply(TcpFlag.ack, this.sender.next);
  }

  /** A segment without payload. */
  private reply(flags: number, sequence: number): void {
    const header = this.header(flags, sequence);
    this.options.transmit(header, 0, () => undefined, 0);
  }

  private transmit({ sequence, flags, payloadBytes, fill }: OutgoingSegment): void {
    const ack = this.receiver ? TcpFlag.ack : 0;
    const header = this.header(flags | ack, sequence);
    if ((flags & TcpFlag.syn) !== 0) {
      header.mss = this.options.mss;
      // Offered first by who opens; the other answers in kind (RFC 7323 section 2.2).
      const scales = this.syn === null || this.syn.windowShift !== null;
      header.windowShift = scales ? RECEIVE_WINDOW_SHIFT : null;
      header.window = 0xffff;
    }
    this.options.transmit(header, payloadBytes, fill, this.sender.segmentBytes);
  }

  private header(flags: number, sequence: number): TcpHeader {
    return {
      sourcePort: this.options.localPort,
      destinationPort: this.options.remotePort,
      sequence: advance(sequence, 0),
      acknowledgment: this.receiver?.next ?? 0,
      flags,
      window: this.receiver?.tellWindow() ?? 0,
      mss: null,
      windowShift: null,
    };
  }
}

/** The window of a SYN is never scaled, but the sender will scale it: see RFC 7323 section 2.2. */
function unscaled({ window, windowShift }: TcpSegment): number {
  return Math.floor(window / 2 ** (windowShift ?? 0));
}
