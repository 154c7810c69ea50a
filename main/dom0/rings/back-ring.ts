/**
 * The back end's side of a shared ring (xen-public `io/ring.h`) in one or more granted pages that
 * need not be neighbours. Whatever the front end writes there, reads stay within those pages, and
 * indices that cannot be are told by `RingBroken`.
 */
import type { GuestMemory } from '../../hypervisor/index.ts';
import { PAGE_SIZE, ringCapacity, ringEntryOffset, SharedRing } from '../../hypervisor/index.ts';

/** The front end's indices make no sense: its device cannot go on. */
export class RingBroken extends Error {
  override readonly name = 'RingBroken';
}

const { reqProd, reqEvent, rspProd, rspEvent } = SharedRing.offset;

export class BackRing {
  /** Entries it holds. */
  readonly capacity: number;
  private readonly memory: GuestMemory;
  private readonly gfns: readonly number[];
  private readonly entryBytes: number;
  /** Free-running: requests taken, responses put and responses told, modulo 2^32. */
  private requestsTaken: number;
  private responsesPut: number;
  private responsesTold: number;

  /** Goes on where its responses end; what was under way there is named by {@link resume}. */
  constructor(memory: GuestMemory, gfns: readonly number[], entryBytes: number) {
    this.memory = memory;
    this.gfns = gfns;
    this.entryBytes = entryBytes;
    this.capacity = ringCapacity(gfns.length * PAGE_SIZE, entryBytes);
    this.responsesTold = this.word(rspProd);
    this.responsesPut = this.responsesTold;
    this.requestsTaken = this.responsesTold;
  }

  /** Requests that wait. @throws RingBroken */
  get waiting(): number {
    const produced = this.word(reqProd);
    const waiting = (produced - this.requestsTaken) >>> 0;
    // More than fit, or fewer than were taken already.
    if ((produced - this.responsesPut) >>> 0 > this.capacity || waiting > this.capacity) {
      throw new RingBroken(
        `request ${produced} where ${this.responsesPut} were answered, ${this.requestsTaken} taken, and ${this.capacity} fit`,
      );
    }
    return waiting;
  }

  /** Requests taken and not answered. */
  get underWay(): number {
    return (this.requestsTaken - this.responsesPut) >>> 0;
  }

  /** Copies the entry of the next request but `ahead` ones, which stays in the ring. */
  peek(target: Uint8Array, ahead = 0): void {
    let at = ringEntryOffset(this.requestsTaken + ahead, this.capacity, this.entryBytes);
    for (let done = 0; done < target.length;) {
      const address = this.address(at);
      const part = Math.min(target.length - done, PAGE_SIZE - (at % PAGE_SIZE));
      const { bytes } = this.memory;
      for (let index = 0; index < part; index++) target[done + index] = bytes[address + index]!;
      done += part;
      at += part;
    }
  }

  /** The next `count` requests are the back end's now. */
  take(count = 1): void {
    this.requestsTaken = (this.requestsTaken + count) >>> 0;
  }

  /** Of a ring that is taken up again: its next `count` requests are under way. @throws RingBroken */
  resume(count: number): void {
    const { waiting } = this;
    if (count > waiting) {
      throw new RingBroken(`${count} requests under way where ${waiting} were made`);
    }
    this.take(count);
  }

  /** Puts a response in the next slot; `publish` tells of it. */
  put(response: Uint8Array): void {
    let at = ringEntryOffset(this.responsesPut, this.capacity, this.entryBytes);
    for (let done = 0; done < response.length;) {
      const address = this.address(at);
      const part = Math.min(response.length - done, PAGE_SIZE - (at % PAGE_SIZE));
      const { bytes } = this.memory;
      for (let index = 0; index < part; index++) bytes[address + index] = response[done + index]!;
      this.memory.wrote(address, part);
      done += part;
      at += part;
    }
    this.responsesPut = (this.responsesPut + 1) >>> 0;
  }

  /** Tells of all responses put; true when the front end asked to be notified of one of them. */
  publish(): boolean {
    const before = this.responsesTold;
    const now = this.responsesPut;
    if (now === before) return false;
    this.setWord(rspProd, now);
    this.responsesTold = now;
    return (now - this.word(rspEvent)) >>> 0 < (now - before) >>> 0;
  }

  /** Responses were told that the front end, as it asks to be notified, has not seen. */
  get hasUnseen(): boolean {
    return (this.responsesTold - this.word(rspEvent)) >>> 0 < this.capacity;
  }

  /** Asks to be notified of the next request; true when one has come meanwhile. @throws RingBroken */
  sleep(): boolean {
    this.setWord(reqEvent, this.requestsTaken + 1);
    return this.waiting > 0;
  }

  private setWord(offset: number, value: number): void {
    const address = this.address(offset);
    this.memory.view.setUint32(address, value, true);
    this.memory.wrote(address, 4);
  }

  private word(offset: number): number {
    return this.memory.view.getUint32(this.address(offset), true);
  }

  private address(offset: number): number {
    return this.gfns[Math.floor(offset / PAGE_SIZE)]! * PAGE_SIZE + (offset % PAGE_SIZE);
  }
}
