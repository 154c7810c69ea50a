/**
 * The serving side of a disk ring, in an I/O worker. Nothing in the shared memory is believed: counts
 * of its own are kept outside, slots are read once, and what cannot be is a broken ring.
 */
import {
  COMPLETIONS_AT,
  CompletionWord,
  DATA_AT,
  DiskOperation,
  REQUESTS_AT,
  RequestWord,
  RingWord,
  SLOTS,
} from './disk-ring.abi.ts';
import type { DiskStatus } from './disk-ring.abi.ts';

export interface DiskRequest {
  id: number;
  operation: DiskOperation;
  /** Bytes; not checked against the disk. */
  offset: number;
  length: number;
  /** Of a read or write: `length` bytes of the data area. */
  data: Uint8Array[];
}

/** `broken`: the counts cannot be; `refused`: this request cannot be, whose id is `id`. */
export type Taken =
  | { kind: 'request'; request: DiskRequest }
  | { kind: 'refused'; id: number }
  | { kind: 'empty' }
  | { kind: 'broken' };

const EMPTY: Taken = { kind: 'empty' };
const BROKEN: Taken = { kind: 'broken' };

export class DiskRingServer {
  private readonly words: Int32Array;
  private readonly data: Uint8Array;
  private taken = 0;
  private completed = 0;

  /** @param ring for which `isDiskRing` holds */
  constructor(ring: SharedArrayBuffer) {
    this.words = new Int32Array(ring, 0, DATA_AT / 4);
    this.data = new Uint8Array(ring, DATA_AT);
  }

  /** Requests taken and not completed. */
  get inFlight(): number {
    return (this.taken - this.completed) >>> 0;
  }

  /** There is something to take. */
  get hasRequest(): boolean {
    return Atomics.load(this.words, RingWord.requested) !== this.taken;
  }

  take(): Taken {
    const waiting = (Atomics.load(this.words, RingWord.requested) - this.taken) >>> 0;
    const unaccepted = (this.completed - Atomics.load(this.words, RingWord.accepted)) >>> 0;
    if (waiting > SLOTS || unaccepted > SLOTS) return BROKEN;
    // More than a client may ask for; the completion would overwrite one that it has not seen.
    if (waiting > 0 && this.inFlight + unaccepted >= SLOTS) return BROKEN;
    if (waiting === 0) return EMPTY;
    const slot = REQUESTS_AT + (this.taken & (SLOTS - 1)) * RequestWord.size;
    const fields = this.words.slice(slot, slot + RequestWord.size);
    this.taken = (this.taken + 1) | 0;
    Atomics.store(this.words, RingWord.taken, this.taken);
    return this.decode(new Uint32Array(fields.buffer));
  }

  /** Publishes an answer; the caller rings the client's doorbell. */
  complete(id: number, status: DiskStatus): void {
    const slot = COMPLETIONS_AT + (this.completed & (SLOTS - 1)) * CompletionWord.size;
    this.words[slot + CompletionWord.id] = id;
    this.words[slot + CompletionWord.status] = status;
    this.completed = (this.completed + 1) | 0;
    Atomics.store(this.words, RingWord.completed, this.completed);
  }

  /** Tells the client that no more will come. */
  close(): void {
    Atomics.store(this.words, RingWord.closed, 1);
  }

  /** Settles when there is something to take, or by {@link nudge}. Needs an event loop. */
  async requested(): Promise<void> {
    const wait = Atomics.waitAsync(this.words, RingWord.requested, this.taken);
    if (wait.async) await wait.value;
  }

  nudge(): void {
    Atomics.notify(this.words, RingWord.requested);
  }

  private decode(fields: Uint32Array): Taken {
    const id = fields[RequestWord.id]!;
    const operation = fields[RequestWord.operation]!;
    const sector = fields[RequestWord.sectorHigh]! * 2 ** 32 + fields[RequestWord.sectorLow]!;
    const request: DiskRequest = {
      id,
      operation: operation as DiskOperation,
      offset: sector * 512,
      length: fields[RequestWord.sectors]! * 512,
      data: [],
    };
    switch (operation) {
      case DiskOperation.read:
      case DiskOperation.write: {
        const dataAt = fields[RequestWord.dataAt]!;
        const end = dataAt + request.length;
        if (request.length === 0 || end > this.data.length) return { kind: 'refused', id };
        request.data = [this.data.subarray(dataAt, end)];
        return { kind: 'request', request };
      }
      case DiskOperation.discard:
      case DiskOperation.flush:
        return { kind: 'request', request };
      default:
        return { kind: 'refused', id };
    }
  }
}
