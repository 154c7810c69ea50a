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
  'migrate',
  'migrate-scale',
  'log-dirty',
  'save',
  'soak',
  'protect',
] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

/** What a person may choose. */
export interface BenchParameters {
  /** How often the measured thing is done; else as often as the figures are made for. */
  runs?: number | undefined;
}

export interface BenchOptions extends BenchParameters {
  /** What it is doing now, for a person who waits: these take minutes. */
  progress?: (message: string) => void;
}

export type Figure = number | boolean | null;
/** Some are in groups: `idle`: { `downtime_ms`: { `p50`, `max` } }. */
export interface Figures {
  [key: string]: Figure | Figures;
}

/** A benchmark's own part of the result. */
export interface Measurement {
  /** By the key of the benchmark's contract (README.md); null: could not be measured, see `notes`. */
  figures: Figures;
  /** What the figures rest on. */
  detail: Record<string, unknown>;
  notes: string[];
}

export type Bench = (
  progress: (message: string) => void,
  parameters: BenchParameters,
) => Promise<Measurement>;

/** Figures that must be reached. Keys without one are reports. */
export interface Target {
  /** Of a figure in a group: `idle.downtime_ms.p50`. */
  key: string;
  /** `true`: must be true. */
  atMost?: number;
  atLeast?: number;
  isTrue?: true;
}
