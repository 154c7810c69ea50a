/** Under what a benchmark ran: without it a figure means little. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Conditions {
  startedAt: string;
  tookS: number;
  node: string;
  system: string;
  processor: string;
  cpus: number;
  memoryMiB: number;
  /** One-minute load averages before and after. */
  loadBefore: number;
  loadAfter: number;
}

/** Call at the start; the returned function at the end. */
export function observeConditions(): () => Conditions {
  const startedAt = new Date();
  const [loadBefore = 0] = loadavg();
  return () => ({
    startedAt: startedAt.toISOString(),
    tookS: Math.round((Date.now() - startedAt.getTime()) / 1000),
    node: process.version,
    system: `${type()} ${release()}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    loadBefore,
    loadAfter: loadavg()[0] ?? 0,
  });
}
