/** What memory a domain may be asked to have, before anybody looks for room. */
import { DomusError } from '../../../shared/errors.ts';
import type { BootMode } from '../store/domain-table.ts';

const MIB = 1024;

/** A balloon may be asked down to this: below, the kernel that was tried starts to kill. */
export const MINIMUM_KIB = 32 * MIB;
/** Less than this a Debian kernel does not boot in. */
export const MINIMUM_MAX_KIB = 64 * MIB;
/** The emulated CPU's memory lies below 4 GiB, with room for devices. */
export const MAXIMUM_KIB = 2048 * MIB;
export const DEFAULT_KIB = 128 * MIB;
/**
 * Sizes of golden snapshots that nobody asked for by `--maxmem`: few, so that they are there.
 * See docs/adr/0020-memory-classes.md.
 */
const CLASS_KIB = 128 * MIB;

export interface MemoryRequest {
  memoryMiB?: number | undefined;
  maxMemoryMiB?: number | undefined;
  boot: BootMode;
}

export interface MemoryPlan {
  memoryKiB: number;
  maxMemoryKiB: number;
}

/**
 * Completes what a person asked for. Memory and maximum are taken as they are given. Without a
 * maximum, a clone gets that of the next class, a cold boot just its memory, as with `xl`.
 * `largestKiB` is what the largest host could ever give: no class is chosen beyond it.
 * Errors: `memory.too-small`, `memory.too-large`, `memory.above-maximum`.
 */
export function planMemory(request: MemoryRequest, largestKiB: number): MemoryPlan {
  const memoryKiB =
    request.memoryMiB !== undefined
      ? request.memoryMiB * MIB
      : Math.min(DEFAULT_KIB, (request.maxMemoryMiB ?? DEFAULT_KIB / MIB) * MIB);
  requireAtLeast(memoryKiB, MINIMUM_KIB, 'memory');
  const maxMemoryKiB =
    request.maxMemoryMiB !== undefined
      ? request.maxMemoryMiB * MIB
      : impliedMaximum(memoryKiB, request.boot, largestKiB);
  requireAtLeast(maxMemoryKiB, MINIMUM_MAX_KIB, 'maximum memory');
  if (maxMemoryKiB > MAXIMUM_KIB) {
    throw new DomusError(
      'memory.too-large',
      `A domain can have ${MAXIMUM_KIB / MIB} MiB at most, not ${maxMemoryKiB / MIB} MiB: the emulated machine addresses no more.`,
      { data: { askedKiB: maxMemoryKiB, limitKiB: MAXIMUM_KIB } },
    );
  }
  requireBelowMaximum(memoryKiB, maxMemoryKiB);
  return { memoryKiB, maxMemoryKiB };
}

/** Error `memory.too-small` or `memory.above-maximum` for a balloon target. */
export function checkTarget(targetKiB: number, maximumKiB: number): void {
  requireAtLeast(targetKiB, MINIMUM_KIB, 'memory');
  requireBelowMaximum(targetKiB, maximumKiB);
}

/** Error `memory.too-small`, `memory.too-large`, or `memory.above-maximum` for a new maximum. */
export function checkMaximum(maximumKiB: number, memoryKiB: number): void {
  planMemory(
    { memoryMiB: memoryKiB / MIB, maxMemoryMiB: maximumKiB / MIB, boot: 'cold' },
    maximumKiB,
  );
}

function impliedMaximum(memoryKiB: number, boot: BootMode, largestKiB: number): number {
  if (boot === 'cold') return Math.max(memoryKiB, MINIMUM_MAX_KIB);
  const classKiB = Math.ceil(memoryKiB / CLASS_KIB) * CLASS_KIB;
  return classKiB <= Math.min(largestKiB, MAXIMUM_KIB) ? classKiB : memoryKiB;
}

function requireAtLeast(kib: number, leastKiB: number, what: string): void {
  if (kib >= leastKiB) return;
  throw new DomusError(
    'memory.too-small',
    `${kib / MIB} MiB is too little ${what}: a domain needs at least ${leastKiB / MIB} MiB.`,
    { data: { askedKiB: kib, leastKiB } },
  );
}

function requireBelowMaximum(memoryKiB: number, maximumKiB: number): void {
  if (memoryKiB <= maximumKiB) return;
  throw new DomusError(
    'memory.above-maximum',
    `${memoryKiB / MIB} MiB is more than its maximum of ${maximumKiB / MIB} MiB. Ask for less, or raise the maximum (mem-max; for a running domain that takes effect at its next start).`,
    { data: { askedKiB: memoryKiB, maximumKiB } },
  );
}
