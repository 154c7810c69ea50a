/**
 * Xen public/io/ring.h: what all request and response rings have in common.
 *
 * Indices run freely; entry = index mod capacity; a response takes the slot of a request.
 * A producer publishes its index after the entries, and notifies if
 * (new - event) mod 2^32 < (new - old) mod 2^32.
 */
import { bytes, u32 } from '../field-types.ts';
import { struct } from '../struct.ts';

/** Head of a shared ring; its entries follow. The front end starts with prods 0 and events 1. */
export const SharedRing = struct('sring', 64, {
  reqProd: [0, u32], // written by the front end
  reqEvent: [4, u32], // written by the back end
  rspProd: [8, u32], // written by the back end
  rspEvent: [12, u32], // written by the front end
  pvt: [16, bytes(4)],
  pad: [20, bytes(44)],
});

/** Entries of a ring: the largest power of two that fits. @param ringBytes of all its pages. */
export function ringCapacity(ringBytes: number, entryBytes: number): number {
  const fit = Math.floor((ringBytes - SharedRing.size) / entryBytes);
  return fit < 1 ? 0 : 2 ** Math.floor(Math.log2(fit));
}

/** Where in the ring the entry of a free-running index lies, in bytes. */
export const ringEntryOffset = (index: number, capacity: number, entryBytes: number): number =>
  SharedRing.size + ((index & (capacity - 1)) >>> 0) * entryBytes;
