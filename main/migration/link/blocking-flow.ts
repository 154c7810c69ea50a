/**
 * The ends of a flow in a thread that has no running event loop: a domain's worker. It sleeps on
 * its doorbell, which whoever posts to `port` rings.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import { DEFAULT_WINDOW_BYTES, nowMs, transferList } from './flow.contract.ts';
import type { FlowMessage } from './flow.contract.ts';
import { linkError } from './link-error.ts';
import { SpareBuffers } from './spare-buffers.ts';

export interface BlockingFlowOptions {
  /** Silence after which the other end is given up, in ms; default 30 s. */
  stallTimeoutMs?: number;
  /**
   * Called each time the thread wakes while it waits: look after control messages here. What it
   * throws (a cancellation) comes out of the call that waits.
   */
  onWake?: () => void;
  /** Of the thread right behind `port`, if that sleeps on one too: no link end is in between. */
  peerDoorbell?: Doorbell;
}

const DEFAULT_STALL_TIMEOUT_MS = 30_000;

class BlockingPort {
  private readonly port: MessagePort;
  private readonly doorbell: Doorbell;
  private readonly options: BlockingFlowOptions;
  private over = false;

  constructor(port: MessagePort, doorbell: Doorbell, options: BlockingFlowOptions) {
    this.port = port;
    this.doorbell = doorbell;
    this.options = options;
  }

  post(message: FlowMessage): void {
    if (this.over) throw linkError('link.over', 'the flow is over: nothing more can be sent');
    this.port.postMessage(message, transferList(message));
    this.options.peerDoorbell?.ring();
    if (message.kind === 'close') this.over = true;
    if (message.kind === 'abort') this.close();
  }

  /** @throws the error of an abort, rebuilt */
  poll(): FlowMessage | null {
    const received = receiveMessageOnPort(this.port) as { message: FlowMessage } | undefined;
    if (received === undefined) return null;
    if (received.message.kind !== 'abort') return received.message;
    this.close();
    throw DomusError.from(received.message.error);
  }

  /** @throws DomusError `link.stalled`, and as {@link poll} */
  next(): FlowMessage {
    const timeoutMs = this.options.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS;
    const deadlineMs = nowMs() + timeoutMs;
    for (;;) {
      const seen = this.doorbell.count;
      const message = this.poll();
      if (message) return message;
      this.options.onWake?.();
      const leftMs = deadlineMs - nowMs();
      if (leftMs <= 0) {
        const what = `the other end of the link has been silent for ${timeoutMs} ms`;
        throw linkError('link.stalled', what, { timeoutMs });
      }
      this.doorbell.wait(seen, leftMs);
    }
  }

  abort(error: unknown): void {
    if (!this.over) this.post({ kind: 'abort', error: DomusError.toData(error) });
  }

  close(): void {
    this.over = true;
    this.port.close();
  }
}

export interface BlockingSenderOptions extends BlockingFlowOptions {
  /** Bytes that may be sent and not yet used by the receiver; default 4 MiB. */
  windowBytes?: number;
}

/** Sends chunks, waiting for room; its methods fit `StreamWriter`'s sink and `allocate`. */
export class BlockingLinkSender {
  private readonly link: BlockingPort;
  private readonly windowBytes: number;
  private readonly spare = new SpareBuffers();
  private unacknowledged = 0;
  private chunks = 0;

  constructor(port: MessagePort, doorbell: Doorbell, options: BlockingSenderOptions = {}) {
    this.link = new BlockingPort(port, doorbell, options);
    this.windowBytes = options.windowBytes ?? DEFAULT_WINDOW_BYTES;
  }

  get inFlightBytes(): number {
    return this.unacknowledged;
  }

  /** For the next chunk. */
  allocate(bytes: number): Uint8Array<ArrayBuffer> {
    return this.spare.take(bytes);
  }

  /**
   * Whether a chunk of so many bytes would be sent without waiting.
   *
   * @throws as {@link send}
   */
  hasRoom(bytes: number): boolean {
    this.takeAll();
    return this.unacknowledged + bytes <= this.windowBytes;
  }

  /**
   * Takes the chunk's buffer away and returns when it is on its way. One chunk is always let
   * through, however large.
   *
   * @throws DomusError: the receiver's or the link's abort, or `link.stalled`
   */
  send(chunk: Uint8Array<ArrayBuffer>): void {
    this.takeAll();
    while (this.unacknowledged > 0 && this.unacknowledged + chunk.length > this.windowBytes) {
      this.take(this.link.next());
    }
    const owned = chunk.byteOffset === 0 ? chunk : chunk.slice();
    const bytes = owned.length;
    this.unacknowledged += bytes;
    this.link.post({ kind: 'data', seq: this.chunks++, buffer: owned.buffer, bytes, dueMs: 0 });
  }

  /**
   * Says that this was all; the receiver's side then closes the port. What becomes of the chunks
   * from here on is not told through the flow.
   */
  close(): void {
    this.link.post({ kind: 'close', chunks: this.chunks });
  }

  abort(error: unknown): void {
    this.link.abort(error);
  }

  private takeAll(): void {
    for (let message = this.link.poll(); message; message = this.link.poll()) this.take(message);
  }

  private take(message: FlowMessage): void {
    if (message.kind !== 'credit') return;
    this.unacknowledged -= message.bytes;
    this.spare.giveBack(message.buffer);
  }
}

/** Receives chunks at the time at which the link has them arrive. */
export class BlockingLinkReceiver {
  private readonly link: BlockingPort;
  /** What {@link receive} returned last, and the sender has no credit for yet. */
  private inUse: { buffer: ArrayBuffer; bytes: number } | null = null;
  private chunks = 0;
  private readonly pause = new Int32Array(new SharedArrayBuffer(4));

  constructor(port: MessagePort, doorbell: Doorbell, options: BlockingFlowOptions = {}) {
    this.link = new BlockingPort(port, doorbell, options);
  }

  /**
   * Waits for the next chunk; null when the sender has sent all. A chunk is valid until the next
   * call: its buffer then goes back.
   *
   * @throws DomusError: the sender's or the link's abort, `link.stalled`, `link.out-of-order`
   */
  receive(): Uint8Array<ArrayBuffer> | null {
    this.giveBack();
    const message = this.link.next();
    if (message.kind === 'close' && message.chunks === this.chunks) {
      this.link.close();
      return null;
    }
    if (message.kind !== 'data' || message.seq !== this.chunks) {
      throw linkError('link.out-of-order', `chunk ${this.chunks} of the flow did not come in turn`);
    }
    this.chunks++;
    const { buffer, bytes, dueMs } = message;
    this.inUse = { buffer, bytes };
    const earlyMs = dueMs - nowMs();
    if (earlyMs > 0) Atomics.wait(this.pause, 0, 0, earlyMs);
    return new Uint8Array(buffer, 0, bytes);
  }

  abort(error: unknown): void {
    this.link.abort(error);
  }

  private giveBack(): void {
    if (this.inUse) this.link.post({ kind: 'credit', ...this.inUse });
    this.inUse = null;
  }
}
