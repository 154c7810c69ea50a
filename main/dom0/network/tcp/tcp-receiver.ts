/** The receiving half of a connection: what comes, in order, and how much more may come. */
import { Reassembly } from './reassembly.ts';
import { advance, distance } from './sequence.ts';

export const RECEIVE_BUFFER_BYTES = 256 << 10;
/** So that the whole buffer can be told in 16 bits. */
export const RECEIVE_WINDOW_SHIFT = 3;

export class TcpReceiver {
  private readonly reassembly = new Reassembly();
  private readonly deliver: (bytes: Uint8Array) => void;
  private nxt: number;
  /** The end of the window that the peer was last told. */
  private told: number;
  private shift = 0;
  /** Delivered and not consumed. */
  private held = 0;
  private finSequence: number | null = null;
  private finTaken = false;

  /** @param synSequence the peer's first sequence number */
  constructor(synSequence: number, deliver: (bytes: Uint8Array) => void) {
    this.nxt = this.told = advance(synSequence, 1);
    this.deliver = deliver;
  }

  get next(): number {
    return this.nxt;
  }

  /** Everything has come, up to the peer's FIN. */
  get isFinished(): boolean {
    return this.finTaken;
  }

  /** From now on windows are told in units of 2^shift bytes. */
  scaleBy(shift: number): void {
    this.shift = shift;
  }

  /** For a header. */
  tellWindow(): number {
    const window = Math.min(0xffff, Math.floor(this.free / 2 ** this.shift));
    this.told = advance(this.nxt, window * 2 ** this.shift);
    return window;
  }

  /** RFC 9293 section 3.10.7.4, table 6. @param bytes of sequence space */
  isAcceptable(sequence: number, bytes: number): boolean {
    const offset = distance(sequence, this.nxt);
    // A probe of a closed window carries an acknowledgment, too.
    if (this.free === 0) return offset === 0;
    if (offset >= this.free) return false;
    return bytes === 0 ? offset >= 0 : offset + bytes > 0;
  }

  /**
   * Takes an acceptable segment's payload, delivers what is in order and keeps the rest.
   *
   * @param hasFin the peer sends nothing after this payload
   */
  receive(sequence: number, payload: Uint8Array, hasFin: boolean): void {
    const offset = distance(sequence, this.nxt);
    const room = this.free;
    const fresh = payload.subarray(Math.max(0, -offset), Math.max(0, room - offset));
    const isWhole = offset + payload.length <= room;
    if (hasFin && isWhole) this.finSequence ??= advance(sequence, payload.length);
    if (offset > 0) {
      this.reassembly.put(sequence, fresh, RECEIVE_BUFFER_BYTES);
      return;
    }
    this.accept(fresh);
    for (let more = this.takeMore(); more !== null; more = this.takeMore()) this.accept(more);
    if (this.finSequence === this.nxt && !this.finTaken) {
      this.finTaken = true;
      this.nxt = advance(this.nxt, 1);
      this.reassembly.clear();
    }
  }

  /**
   * The owner has done with so many bytes that it was given.
   *
   * @returns whether the peer should be told, by RFC 9293 section 3.8.6.2.2
   */
  consumed(bytes: number, segmentBytes: number): boolean {
    this.held = Math.max(0, this.held - bytes);
    const gained = distance(advance(this.nxt, this.free), this.told);
    return !this.finTaken && gained >= Math.min(RECEIVE_BUFFER_BYTES / 2, 2 * segmentBytes);
  }

  private get free(): number {
    return RECEIVE_BUFFER_BYTES - this.held;
  }

  private takeMore(): Uint8Array | null {
    // Nothing comes after a FIN, whatever was sent.
    if (this.finSequence === this.nxt) return null;
    return this.reassembly.take(this.nxt);
  }

  private accept(bytes: Uint8Array): void {
    const limit = this.finSequence === null ? bytes.length : distance(this.finSequence, this.nxt);
    const fitting = bytes.subarray(0, Math.min(limit, this.free));
    if (fitting.length === 0) return;
    this.nxt = advance(this.nxt, fitting.length);
    this.held += fitting.length;
    this.deliver(fitting);
  }
}
