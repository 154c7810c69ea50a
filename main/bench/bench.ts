/** What every benchmark is given and gives. */

export const BENCH_NAMES = [
  'cpu',
  'boot',
  'balloon',
  'console',
  'idle',
  'ui',
  'disk',
  'net',
  'hotplug',
  'isolation',
  'protect',
] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

export interface BenchOptions {
  /** What it is doing now, for a person who waits: these take minutes. */
  progress?: (message: string) => void;
}

export type Figure = number | boolean | null;

/** A benchmark's own part of the result. */
export interface Measurement {
  /** By the key of the benchmark's contract (README.md); null: could not be measured, see `notes`. */
  figures: Record<string, Figure>;
  /** What the figures rest on. */
  detail: Record<string, unknown>;
  notes: string[];
}

export type Bench = (progress: (message: string) => void) => Promise<Measurement>;

/** Figures that must be reached. Keys without one are reports. */
export interface Target {
  key: string;
  /** `true`: must be true. */
  atMost?: number;
  atLeast?: number;
  isTrue?: true;
}
