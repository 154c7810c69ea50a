import type { BenchName } from './bench.ts';
import type { Conditions } from './conditions.ts';

/** One flat object: the figures by name, and what they are worth. */
export interface BenchResult {
  bench: BenchName;
  /** All targets are reached. */
  met: boolean;
  targets: { target: string; met: boolean }[];
  notes: string[];
  conditions: Conditions;
  detail: Record<string, unknown>;
  [figure: string]: unknown;
}
