import type { Domain } from '../../shared/contract/schemas.ts';

const KIB_PER_MIB = 1024;
/** About as many steps as a slider has pixels. */
const STEPS = 256;

export interface MemoryBounds {
  readonly leastMiB: number;
  readonly mostMiB: number;
  /** A power of two, at least 1. */
  readonly stepMiB: number;
}

/** What may be asked of a domain's balloon, in whole MiB. */
export function memoryBounds({ memory }: Pick<Domain, 'memory'>): MemoryBounds {
  const leastMiB = Math.ceil(memory.minimumKiB / KIB_PER_MIB);
  const mostMiB = Math.max(leastMiB, Math.floor(memory.maximumKiB / KIB_PER_MIB));
  const exponent = Math.floor(Math.log2((mostMiB - leastMiB) / STEPS || 1));
  return { leastMiB, mostMiB, stepMiB: 2 ** Math.max(0, exponent) };
}
