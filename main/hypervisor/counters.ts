/**
 * Counters in shared memory: written by one worker without messages, read by anybody.
 *
 * Every value is a float64 (exact to 2^53), except frame counts, which several threads change:
 * those are i32 changed by compare-and-swap.
 */

/** float64 slots of a domain, by index. */
export const DomainCounter = {
  /** Guest CPU time: host time spent inside the engine, ms. */
  cpuTimeMs: 0,
  runningMs: 1,
  runnableMs: 2,
  blockedMs: 3,
  offlineMs: 4,
  /** Upcalls raised. */
  events: 5,
  /** Requests a guest got wrong: refused, counted, survived. */
  guestFaults: 6,
  consoleBytesOut: 7,
  consoleBytesIn: 8,
  /** Wake-ups of its thread. */
  wakeups: 9,
  /** Generated code of the engine, bytes, as far as the engine tells. */
  generatedCodeBytes: 10,
  /** V8 heap of its worker, bytes. */
  heapBytes: 11,
  /** Balloon target it was last told, KiB. */
  targetKiB: 12,
  /** 16.. : hypercalls by number, 64 of them. */
  hypercalls: 16,
} as const;

const DOMAIN_SLOTS = 16 + 64;

export class DomainCounters {
  readonly buffer: SharedArrayBuffer;
  readonly values: Float64Array;
  /** Machine frames the domain holds now. */
  private readonly framesWord: Int32Array;

  constructor(buffer = new SharedArrayBuffer(DOMAIN_SLOTS * 8 + 8)) {
    this.buffer = buffer;
    this.values = new Float64Array(buffer, 0, DOMAIN_SLOTS);
    this.framesWord = new Int32Array(buffer, DOMAIN_SLOTS * 8, 1);
  }

  get frames(): number {
    return Atomics.load(this.framesWord, 0);
  }
  addFrames(count: number): void {
    Atomics.add(this.framesWord, 0, count);
  }
  setFrames(count: number): void {
    Atomics.store(this.framesWord, 0, count);
  }
}

/**
 * The machine frames of one host. The sum of free frames and of what domain 0 and the domains hold
 * is the host's memory, always; a frame is taken here first and given to a domain after, so that a
 * thread that dies between the two steps can only lose frames to `settle`, never invent them.
 */
export class HostFrames {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly times: Float64Array;

  constructor(buffer = new SharedArrayBuffer(16)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, 2);
    this.times = new Float64Array(buffer, 8, 1);
  }

  /** CPU time of the host's own thread, domain 0, ms; written by that thread. */
  get domain0CpuTimeMs(): number {
    return this.times[0]!;
  }
  set domain0CpuTimeMs(value: number) {
    this.times[0] = value;
  }

  get free(): number {
    return Atomics.load(this.words, 0);
  }

  /** Takes `count` frames if so many are free. */
  tryTake(count: number): boolean {
    for (;;) {
      const free = Atomics.load(this.words, 0);
      if (free < count) return false;
      if (Atomics.compareExchange(this.words, 0, free, free - count) === free) return true;
    }
  }

  give(count: number): void {
    Atomics.add(this.words, 0, count);
  }
}
