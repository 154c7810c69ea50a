/** What a second of work was, from two readings of counters in shared memory. */
import type { DomainCounters } from '../../hypervisor/index.ts';
import { DomainCounter } from '../../hypervisor/index.ts';

const HYPERCALLS = 64;

/** Of counters, whichever they are. */
export interface TimedReading {
  readonly atMs: number;
}

export interface Reading extends TimedReading {
  cpuTimeMs: number;
  hypercalls: number;
  events: number;
}

export function readCounters(counters: DomainCounters, atMs: number): Reading {
  const { values } = counters;
  let hypercalls = 0;
  for (let number = 0; number < HYPERCALLS; number++) {
    hypercalls += values[DomainCounter.hypercalls + number]!;
  }
  return {
    atMs,
    cpuTimeMs: values[DomainCounter.cpuTimeMs]!,
    hypercalls,
    events: values[DomainCounter.events]!,
  };
}

/** `count` a second; 0 without an earlier reading, or after the counters began anew. */
export function perSecond<Of extends TimedReading>(
  before: Of | undefined,
  now: Of,
  count: (reading: Of) => number,
): number {
  if (!before || now.atMs <= before.atMs) return 0;
  return Math.max(0, ((count(now) - count(before)) * 1000) / (now.atMs - before.atMs));
}

/** Of one CPU, percent. */
export function cpuPercent(before: Reading | undefined, now: Reading): number {
  return perSecond(before, now, ({ cpuTimeMs }) => cpuTimeMs) / 10;
}

/** The readings of a turn, to be compared with those of the turn before. */
export class Readings<Of extends TimedReading> {
  private before = new Map<string, Of>();
  private now = new Map<string, Of>();

  /** Keeps a reading; answers with the one of the turn before. `key` names the counters. */
  put(key: string, reading: Of): Of | undefined {
    this.now.set(key, reading);
    return this.before.get(key);
  }

  /** What was read since the last turn is what the next one compares with. */
  turn(): void {
    this.before = this.now;
    this.now = new Map();
  }

  forget(): void {
    this.before = new Map();
    this.now = new Map();
  }
}
