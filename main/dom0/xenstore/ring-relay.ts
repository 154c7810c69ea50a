/**
 * The two halves that carry a guest's xenstore bytes between its own thread, where the ring page
 * is, and its host's, where the daemon is: two byte rings in shared memory, flow controlled.
 */
import type { RingConsumer, RingProducer } from '../../../shared/ring/byte-ring.ts';
import type { CloseReason, XenstoreConnection, XenstorePeer } from './connection.ts';
import type { RingPeer } from './ring.ts';

/** Capacities of the two rings, bytes. */
export const REQUEST_RING_BYTES = 16 * 1024;
export const RESPONSE_RING_BYTES = 64 * 1024;

/** In the guest's thread: what `XenstoreRing` moves bytes to and from. */
export function relayPeer(requests: RingProducer, responses: RingConsumer): RingPeer {
  return {
    takeRequests: (bytes) => requests.write(bytes),
    giveResponses: (space) => {
      const bytes = responses.read(space.length);
      space.set(bytes);
      return bytes.length;
    },
  };
}

export interface RelayEvents {
  ring(): void;
  onFirstRequest(): void;
  onClosed(): void;
}

/** In the host's thread: feeds the daemon's connection, and takes its output. */
export class RelayEnd implements XenstorePeer {
  private readonly requests: RingConsumer;
  private readonly responses: RingProducer;
  private readonly ring: () => void;
  private readonly onFirstRequest: () => void;
  private readonly onClosed: () => void;
  private waiting: Uint8Array[] = [];
  private connection: XenstoreConnection | null = null;
  private mayReceive = true;
  private resume: () => void = () => undefined;
  private stopped = false;
  private flushing = false;

  /**
   * `ring` wakes the guest's thread; `onClosed` tells it that the daemon ended the connection for
   * what the guest sent.
   */
  constructor(
    requests: RingConsumer,
    responses: RingProducer,
    { ring, onFirstRequest, onClosed }: RelayEvents,
  ) {
    this.requests = requests;
    this.responses = responses;
    this.ring = ring;
    this.onFirstRequest = onFirstRequest;
    this.onClosed = onClosed;
  }

  /** Begins to move bytes for a connection that was made with this object as its peer. */
  start(connection: XenstoreConnection): void {
    this.connection = connection;
    void this.pump();
  }

  stop(): void {
    this.stopped = true;
    this.requests.close();
    this.responses.close();
    this.resume();
  }

  send(bytes: Uint8Array): boolean {
    this.waiting.push(bytes);
    this.flush();
    return this.waiting.length === 0;
  }

  closed(reason: CloseReason): void {
    if (reason === 'oversize-message' || reason === 'input-overflow') this.onClosed();
  }

  ready(): void {
    this.mayReceive = true;
    this.resume();
  }

  /**
   * Of a domain that stands still: hands the daemon what the guest's thread has passed on, and
   * takes back what it has not put into the page yet. After this only `stop` may be called.
   */
  takeBack(responses: RingConsumer): Uint8Array {
    const rest = this.requests.read();
    if (rest.length > 0) this.connection?.receive(rest);
    const undelivered = Buffer.concat([responses.read(), ...this.waiting]);
    this.waiting = [];
    return undelivered;
  }

  /** As {@link takeBack}, of a domain that goes on here: a copy of what it would take. */
  look(responses: RingConsumer): Uint8Array {
    const rest = this.requests.read();
    if (rest.length > 0) this.mayReceive = this.connection?.receive(rest) ?? true;
    return Buffer.concat([responses.peek(), ...this.waiting]);
  }

  private async pump(): Promise<void> {
    let first = true;
    while (!this.stopped) {
      await this.requests.readable();
      if (this.stopped) return;
      if (!this.mayReceive) {
        await new Promise<void>((resolve) => (this.resume = resolve));
        continue;
      }
      const bytes = this.requests.read();
      if (bytes.length === 0) {
        if (this.requests.closed) return;
        continue;
      }
      if (first) this.onFirstRequest();
      first = false;
      this.mayReceive = this.connection?.receive(bytes) ?? true;
      this.ring();
    }
  }

  private flush(): void {
    for (let head = this.waiting[0]; head; head = this.waiting[0]) {
      const written = this.responses.write(head);
      if (written < head.length) {
        this.waiting[0] = head.subarray(written);
        void this.flushLater();
        break;
      }
      this.waiting.shift();
    }
    this.ring();
  }

  private async flushLater(): Promise<void> {
    if (this.flushing) return;
    this.flushing = true;
    await this.responses.whenConsumed(this.responses.free);
    this.flushing = false;
    if (this.stopped) return;
    this.flush();
    if (this.waiting.length === 0) this.connection?.drained();
  }
}
