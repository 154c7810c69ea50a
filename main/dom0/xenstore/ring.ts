import { SUPPORTED_FEATURES, XsConnectionState, XsRing, XsRingError } from './wire.ts';

/** The other side of a ring: where requests go and responses come from. */
export interface RingPeer {
  /**
   * Takes request bytes and returns how many it took. The bytes are the guest's page itself,
   * valid during the call only.
   */
  takeRequests(bytes: Uint8Array): number;
  /** Fills response bytes into the guest's page; returns how many, 0 for none. */
  giveResponses(space: Uint8Array): number;
}

/** What one service of a ring came to. */
export interface RingService {
  /** The guest's event channel must be notified. */
  readonly notify: boolean;
  /**
   * `broken`: the guest wrote impossible indices; the connection is over, the domain lives.
   * `reconnect`: the guest asks for a new connection; reset the daemon's side and the queues in
   * between, then call {@link XenstoreRing.reconnected}.
   */
  readonly state: 'open' | 'broken' | 'reconnect';
}

const MASK = XsRing.ringSize - 1;

const wordsOf = (page: Uint8Array): DataView =>
  new DataView(page.buffer, page.byteOffset, page.length);

/**
 * The hypervisor's side of a domain's xenstore ring page: moves bytes between the page and queues.
 * It keeps no index of its own; all are read from the page, once each, and checked, since the
 * guest may write anything there at any time: whatever it writes, only its own stream suffers.
 *
 * Runs in the guest's own thread, so a plain store is seen by the guest in program order; indices
 * are still published after the bytes.
 */
export class XenstoreRing {
  readonly #look: () => Uint8Array;
  #page: Uint8Array;
  #words: DataView;
  readonly #peer: RingPeer;
  readonly #features: number;
  #broken = false;

  /**
   * @param page gives the 4 KiB page in guest memory, whose views die when that memory grows
   * @param features bits offered to the guest: what the daemon's `features` says for it
   */
  constructor(page: () => Uint8Array, peer: RingPeer, features = SUPPORTED_FEATURES) {
    this.#look = page;
    this.#peer = peer;
    this.#features = features;
    this.#page = page();
    if (this.#page.length !== XsRing.pageSize) {
      throw new RangeError(
        `a xenstore ring page has ${XsRing.pageSize} bytes, not ${this.#page.length}`,
      );
    }
    this.#words = wordsOf(this.#page);
  }

  /** True after the connection broke, until {@link reset}. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Prepares the page for a guest that starts or resumes in a new domain: zeroed, with our features. */
  reset(): void {
    this.#refresh();
    this.#page.fill(0);
    this.#setWord(XsRing.serverFeatures, this.#features);
    this.#broken = false;
  }

  /**
   * Moves what can be moved, both ways. Call it when the guest notified, when the peer has
   * responses, and when it can take requests again.
   */
  service(): RingService {
    this.#refresh();
    if (this.#broken) return { notify: false, state: 'broken' };
    if (this.#word(XsRing.connection) !== XsConnectionState.connected) {
      return { notify: false, state: 'reconnect' };
    }
    const taken = this.#moveRequests();
    const given = taken === undefined ? undefined : this.#moveResponses();
    if (taken === undefined || given === undefined) {
      this.fail(XsRingError.ringidx);
      return { notify: true, state: 'broken' };
    }
    return { notify: taken > 0 || given > 0, state: 'open' };
  }

  /**
   * Ends the connection: nothing is moved any more and the guest can read why. Notify it.
   *
   * @param error a value of `XsRingError`; `protocol` when the daemon dropped the connection
   */
  fail(error: number): void {
    this.#refresh();
    this.#broken = true;
    this.#setWord(XsRing.error, error);
  }

  /** Completes a reconnection: both rings are emptied. Notify the guest. */
  reconnected(): void {
    this.#refresh();
    this.#broken = false;
    this.#setWord(XsRing.reqCons, this.#word(XsRing.reqProd));
    this.#setWord(XsRing.rspProd, this.#word(XsRing.rspCons));
    this.#setWord(XsRing.serverFeatures, this.#features);
    this.#setWord(XsRing.error, XsRingError.none);
    this.#setWord(XsRing.connection, XsConnectionState.connected);
  }

  /** Moves requests to the peer; returns how many bytes, `undefined` for impossible indices. */
  #moveRequests(): number | undefined {
    const consumer = this.#word(XsRing.reqCons);
    const producer = this.#word(XsRing.reqProd);
    const used = (producer - consumer) >>> 0;
    if (used > XsRing.ringSize) return undefined;
    let moved = 0;
    while (moved < used) {
      const at = (consumer + moved) & MASK;
      const length = Math.min(used - moved, XsRing.ringSize - at);
      const start = XsRing.req + at;
      const taken = this.#peer.takeRequests(this.#page.subarray(start, start + length));
      moved += taken;
      if (taken < length) break;
    }
    if (moved > 0) this.#setWord(XsRing.reqCons, consumer + moved);
    return moved;
  }

  /** Moves responses to the guest; returns how many bytes, `undefined` for impossible indices. */
  #moveResponses(): number | undefined {
    const consumer = this.#word(XsRing.rspCons);
    const producer = this.#word(XsRing.rspProd);
    const used = (producer - consumer) >>> 0;
    if (used > XsRing.ringSize) return undefined;
    const free = XsRing.ringSize - used;
    let moved = 0;
    while (moved < free) {
      const at = (producer + moved) & MASK;
      const length = Math.min(free - moved, XsRing.ringSize - at);
      const start = XsRing.rsp + at;
      const given = this.#peer.giveResponses(this.#page.subarray(start, start + length));
      moved += given;
      if (given < length) break;
    }
    if (moved > 0) this.#setWord(XsRing.rspProd, producer + moved);
    return moved;
  }

  /** A view of length 0 is one whose memory grew. */
  #refresh(): void {
    if (this.#page.length !== 0) return;
    this.#page = this.#look();
    this.#words = wordsOf(this.#page);
  }

  #word(offset: number): number {
    return this.#words.getUint32(offset, true);
  }

  #setWord(offset: number, value: number): void {
    this.#words.setUint32(offset, value >>> 0, true);
  }
}
