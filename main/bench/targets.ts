/** What the figures must reach, and whether they do. */
import type { BenchName, Figure, Figures, Target } from './bench.ts';

/** Frames of a 60 Hz display. */
const ONE_AND_A_HALF_FRAMES_MS = 25;
/** Fewer, because a person asked for fewer or time ran out, show less. */
export const SOAK_MIGRATIONS = 500;

export const TARGETS: Record<BenchName, readonly Target[]> = {
  cpu: [
    { key: 'overhead_ratio', atMost: 1.03 },
    { key: 'worst_ratio', atMost: 1.06 },
  ],
  boot: [
    { key: 'ratio', atMost: 0.05 },
    { key: 'clone_s', atMost: 1 },
  ],
  balloon: [
    { key: 'exact', isTrue: true },
    { key: 'touch_ratio', atLeast: 0.5 },
  ],
  console: [
    { key: 'lost_bytes', atMost: 0 },
    { key: 'flood_ratio', atLeast: 2 },
    { key: 'echo_ms_p95', atMost: ONE_AND_A_HALF_FRAMES_MS },
  ],
  idle: [
    { key: 'cpu_percent', atMost: 3 },
    { key: 'v86_ratio', atMost: 0.1 },
    { key: 'sleep_overrun_ms_p95', atMost: 10 },
    { key: 'rss_overhead_mib', atMost: 60 },
  ],
  ui: [
    { key: 'frame_ms_p95', atMost: 8 },
    { key: 'longest_task_ms', atMost: 50 },
  ],
  disk: [
    { key: 'seq_read_ratio', atLeast: 5 },
    { key: 'seq_write_ratio', atLeast: 5 },
    { key: 'rand_ratio', atLeast: 3 },
  ],
  net: [{ key: 'ratio', atLeast: 3 }],
  hotplug: [],
  isolation: [{ key: 'latency_ratio', atMost: 2 }],
  migrate: [
    { key: 'idle.downtime_ms.p50', atMost: 10 },
    { key: 'web.downtime_ms.p50', atMost: 30 },
    { key: 'web.lost_requests', atMost: 0 },
    { key: 'idle.bytes_ratio', atMost: 1.3 },
    { key: 'idle.qemu_downtime_ratio', atMost: 2 },
  ],
  'migrate-scale': [{ key: 'downtime_growth', atMost: 1.3 }],
  'log-dirty': [{ key: 'slowdown', atMost: 1.05 }],
  save: [{ key: 'ratio', atLeast: 5 }],
  soak: [
    { key: 'errors', atMost: 0 },
    { key: 'migrations', atLeast: SOAK_MIGRATIONS },
  ],
  protect: [
    { key: 'checkpoints_per_s', atLeast: 10 },
    { key: 'slowdown', atMost: 1.5 },
    { key: 'failover_ms', atMost: 1000 },
    { key: 'lost_acknowledged', atMost: 0 },
  ],
};

/** Undefined where there is none. */
export function figureAt(figures: Figures, key: string): Figure | undefined {
  let at: Figure | Figures | undefined = figures;
  for (const word of key.split('.')) {
    at = at !== null && typeof at === 'object' ? at[word] : undefined;
  }
  return at !== null && typeof at === 'object' ? undefined : at;
}

/** `overhead_ratio <= 1.03`, as people and programs read it. */
export function describeTarget({ key, atMost, atLeast, isTrue }: Target): string {
  if (isTrue) return `${key} is true`;
  return atMost !== undefined ? `${key} <= ${atMost}` : `${key} >= ${atLeast}`;
}

/** A figure that could not be measured meets nothing. */
export function meets(target: Target, figure: Figure | undefined): boolean {
  if (target.isTrue) return figure === true;
  if (typeof figure !== 'number' || Number.isNaN(figure)) return false;
  return target.atMost !== undefined ? figure <= target.atMost : figure >= target.atLeast!;
}
