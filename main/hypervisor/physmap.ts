/**
 * Which guest frames have memory behind them. A domain's frames come from its host's free list and
 * go back to it; a ballooned frame reads as zeros and is given back zeroed.
 */
import type { DomainCounters, HostFrames } from './counters.ts';
import type { GuestMemory } from './engine/guest-memory.ts';
import { PAGE_SIZE } from './engine/page.ts';

export class Physmap {
  /** Frames of guest RAM: gfns 0 to this minus one. */
  readonly ramFrames: number;
  private readonly memory: GuestMemory;
  private readonly host: HostFrames;
  private readonly counters: DomainCounters;
  /** One byte a frame: 1 when it is populated. */
  private readonly populated: Uint8Array;
  /** How many of them: asked for while a domain stands still, however large it is. */
  private count: number;

  /** All frames populated; the caller has taken them from the host and counted them. */
  constructor(ramFrames: number, memory: GuestMemory, host: HostFrames, counters: DomainCounters) {
    this.ramFrames = ramFrames;
    this.memory = memory;
    this.host = host;
    this.counters = counters;
    this.populated = new Uint8Array(ramFrames).fill(1);
    this.count = ramFrames;
  }

  isPopulated(gfn: number): boolean {
    return this.populated[gfn] === 1;
  }

  /** Gives a frame back to the host; false when there is none at this gfn. */
  release(gfn: number): boolean {
    if (!this.isPopulated(gfn)) return false;
    this.memory.fill(gfn * PAGE_SIZE, PAGE_SIZE, 0);
    this.populated[gfn] = 0;
    this.count--;
    this.counters.addFrames(-1);
    this.host.give(1);
    return true;
  }

  /** Puts a zeroed frame at a gfn; false when the host has none, or the gfn is no empty RAM. */
  populate(gfn: number): boolean {
    if (this.populated[gfn] !== 0 || !this.host.tryTake(1)) return false;
    this.populated[gfn] = 1;
    this.count++;
    this.memory.wrote(gfn * PAGE_SIZE, PAGE_SIZE);
    this.counters.addFrames(1);
    return true;
  }

  /** Frames that have memory. */
  get populatedFrames(): number {
    return this.count;
  }

  /** Frames that a saved domain did not have; their accounting is the caller's. */
  markBallooned(first: number, count: number): void {
    for (let gfn = first; gfn < first + count; gfn++) this.count -= this.populated[gfn] ?? 0;
    this.populated.fill(0, first, first + count);
  }
}
