/** What a second of work was, from two readings of counters in shared memory. */
import type { DomainCounters } from '../../hypervisor/index.ts';
import { DomainCounter } from '../../hypervisor/index.ts';

const HYPERCALLS = 64;

export interface Reading {
  atMs: number;
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

/** `key` a second; 0 without an earlier reading, or after the counters began anew. */
export function perSecond(
  before: Reading | undefined,
  now: Reading,
  key: Exclude<keyof Reading, 'atMs'>,
): number {
  if (!before || now.atMs <= before.atMs) return 0;
  return Math.max(0, ((now[key] - before[key]) * 1000) / (now.atMs - before.atMs));
}

/** Of one CPU, percent. */
export function cpuPercent(before: Reading | undefined, now: Reading): number {
  return perSecond(before, now, 'cpuTimeMs') / 10;
}
