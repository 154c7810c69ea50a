import type { Caller } from './caller.ts';
import { encodeEvent, MessageReader } from './codec.ts';
import { Outbox, type ByteSink } from './outbox.ts';
import { exceeds } from './quota.ts';
import { dispatch } from './requests/dispatch.ts';
import type { StoreServices } from './requests/request.ts';
import { Session } from './session.ts';
import type { Watcher } from './watch-registry.ts';
import { PAYLOAD_MAX_BYTES, XsHeader, XsType } from './wire.ts';

/** Why a connection ended. */
export type CloseReason =
  /** A header announced more than 4096 bytes. */
  | 'oversize-message'
  /** Bytes were given although `receive` had said no. */
  | 'input-overflow'
  /** A privileged client did not read its events. */
  | 'output-overflow'
  /** The domain was released, or introduced with another peer. */
  | 'released'
  /** The other end closed it. */
  | 'hangup'
  /** The daemon is closed. */
  | 'shutdown';

/** The other end of a connection: the domain's ring in another thread, or a socket. */
export interface XenstorePeer extends ByteSink {
  /** `receive` takes bytes again, after it had returned false. */
  ready?(): void;
  /** Both streams begin anew (INTRODUCE of a connected domain): drop what is on its way. */
  reset?(): void;
  /** The connection is over; no other method is called any more. */
  closed?(reason: CloseReason): void;
}

/** What a connection has done since it was made. */
export interface ConnectionCounters {
  requests: number;
  events: number;
  /** Events not queued because an equal one was still waiting. */
  eventsMerged: number;
  /** Events lost because a guest did not read and its memory quota was used up, as in Xen. */
  eventsDropped: number;
}

/** A domain's worker may pass on what its ring and queue hold; more than this is not flow control. */
const INPUT_LIMIT_BYTES = 256 * 1024;
/** Replies that may wait for a privileged client before its next request is read. */
const PRIVILEGED_REPLY_LIMIT_BYTES = 256 * 1024;
/** Output that may wait for a privileged client before it is dropped. */
const PRIVILEGED_OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * One client of the store, as a plain byte stream with flow control both ways. Whatever bytes
 * arrive, nothing is thrown and nobody else is affected; memory is bounded on both sides: requests
 * wait unread while the client does not take its replies, and events are merged, and at the limit
 * lost (guests) or end the connection (privileged clients).
 */
export class XenstoreConnection implements Watcher {
  readonly session: Session;
  readonly counters: ConnectionCounters = {
    requests: 0,
    events: 0,
    eventsMerged: 0,
    eventsDropped: 0,
  };
  readonly #services: StoreServices;
  readonly #peer: XenstorePeer;
  readonly #reader = new MessageReader();
  readonly #outbox: Outbox;
  #bookedReplies = 0;
  #bookedBytes = 0;
  #busy = false;
  #stalled = false;
  #overflown = false;
  #closed = false;

  constructor(services: StoreServices, caller: Caller, peer: XenstorePeer) {
    this.#services = services;
    this.session = new Session(services.tree, caller);
    this.#peer = peer;
    this.#outbox = new Outbox(peer);
  }

  get caller(): Caller {
    return this.session.caller;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Takes bytes of the request stream and serves the requests that are complete. The bytes are
   * copied.
   *
   * @returns whether it takes more now. After `false`, wait for the peer's `ready()`
   */
  receive(bytes: Uint8Array): boolean {
    if (this.#closed) return true;
    if (this.#reader.pendingBytes + bytes.length > INPUT_LIMIT_BYTES) {
      this.close('input-overflow');
      return true;
    }
    this.#reader.feed(bytes);
    this.#pump();
    return !this.#stalled;
  }

  /** The sink takes bytes again. */
  drained(): void {
    if (this.#closed) return;
    this.#outbox.drained();
    const wasStalled = this.#stalled;
    this.#pump();
    if (wasStalled && !this.#stalled && !this.#closed) this.#peer.ready?.();
  }

  event(path: string, token: string): void {
    if (this.#closed || this.#overflown) return;
    const bytes = encodeEvent(path, token);
    if (bytes.length > XsHeader.size + PAYLOAD_MAX_BYTES) return;
    if (!this.#admitsEvent(bytes.length)) return;
    if (this.#outbox.pushEvent(bytes)) this.counters.events++;
    else this.counters.eventsMerged++;
    this.#settle();
  }

  /** Ends the connection: watches and transactions are gone, nothing more is sent. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    this.#peer.closed?.(reason);
  }

  /**
   * Begins anew, as when a guest asks for a reconnection: watches, transactions, half a request and
   * undelivered output are gone.
   */
  reset(): void {
    if (this.#closed) return;
    this.#forget();
    this.#outbox.drained();
    this.#stalled = false;
  }

  /** Input not served yet and output not handed over, for a saved domain. */
  inFlight(): { input: Uint8Array; head: Uint8Array | undefined; output: Buffer[] } {
    const input = this.#reader.pending();
    return { input, head: this.#outbox.head, output: this.#outbox.queued() };
  }

  /**
   * Puts back what {@link inFlight} gave; for a connection that has just been made.
   *
   * @param head bytes that a transport had taken but not delivered
   */
  resumeInFlight(head: Uint8Array, output: readonly Buffer[], input: Uint8Array): void {
    this.#outbox.pushHead(head);
    for (const bytes of output) {
      if (bytes.readUInt32LE(XsHeader.type) === XsType.watchEvent) this.#outbox.pushEvent(bytes);
      else this.#outbox.pushReply(bytes);
    }
    this.#reader.feed(input);
    this.#pump();
  }

  /** Serves what can be served now. Reentered by a sink that drains at once, hence the guard. */
  #pump(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#flush();
    while (!this.#closed) {
      this.#stalled = this.#mustWait();
      if (this.#stalled) break;
      const message = this.#reader.next();
      if (!message) break;
      this.counters.requests++;
      dispatch(this.#services, this.session, this, message, (bytes) => {
        if (!this.#closed) this.#outbox.pushReply(bytes);
      });
      this.#book();
      if (this.#mustWait()) this.#flush();
    }
    if (!this.#closed && this.#reader.broken) this.close('oversize-message');
    this.#flush();
    this.#busy = false;
  }

  /** Sends what an event added, unless a request is being served that will do so. */
  #settle(): void {
    if (this.#busy) this.#book();
    else {
      this.#busy = true;
      this.#flush();
      this.#busy = false;
    }
  }

  #flush(): void {
    if (!this.#closed) this.#outbox.flush();
    this.#book();
  }

  #forget(): void {
    this.#services.watches.removeAll(this);
    this.session.discardAll();
    this.#reader.clear();
    this.#outbox.clear();
    this.#book();
  }

  /** A client that does not take its replies gets no further requests served. */
  #mustWait(): boolean {
    if (this.caller.privileged) return this.#outbox.queuedBytes > PRIVILEGED_REPLY_LIMIT_BYTES;
    const limit = this.#services.accounts.limits(this.caller.domid).outstanding;
    return exceeds(limit, this.#outbox.queuedReplies + 1);
  }

  #admitsEvent(bytes: number): boolean {
    if (this.caller.privileged) {
      if (this.#outbox.queuedBytes + bytes <= PRIVILEGED_OUTPUT_LIMIT_BYTES) return true;
      this.#overflown = true;
      // Not at once: the event comes from the middle of somebody else's request.
      queueMicrotask(() => this.close('output-overflow'));
      return false;
    }
    const { domid } = this.caller;
    const limit = this.#services.accounts.limits(domid).memory;
    if (!exceeds(limit, this.#services.accounts.usage(domid).memory + bytes)) return true;
    this.counters.eventsDropped++;
    return false;
  }

  /** Keeps the domain's accounts in step with the outbox. */
  #book(): void {
    const usage = this.#services.accounts.usage(this.caller.domid);
    usage.memory += this.#outbox.queuedBytes - this.#bookedBytes;
    usage.outstanding += this.#outbox.queuedReplies - this.#bookedReplies;
    this.#bookedBytes = this.#outbox.queuedBytes;
    this.#bookedReplies = this.#outbox.queuedReplies;
  }
}
