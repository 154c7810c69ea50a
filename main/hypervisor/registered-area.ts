/** A range of guest memory that the guest registered by virtual address, resolved then, once. */
import type { GuestMemory } from './engine/guest-memory.ts';

/** Its physical pieces in order; empty when nothing is registered. */
export type RegisteredArea = { physical: number; length: number }[];

/**
 * Of a saved domain's area.
 *
 * @throws RangeError when it lies outside of the memory or is neither empty nor `size` bytes long
 */
export function checkArea(
  memory: GuestMemory,
  area: RegisteredArea,
  size: number,
  what: string,
): void {
  const bytes = area.reduce((sum, { length }) => sum + length, 0);
  const outside = area.find(({ physical, length }) => !memory.contains(physical, length));
  if (outside) throw new RangeError(`${what} at ${outside.physical}, outside the domain's memory`);
  if (area.length > 0 && bytes !== size) {
    throw new RangeError(`${what} of ${bytes} bytes instead of ${size}`);
  }
}
