import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLKIF_RING_ENTRY_BYTES } from './blkif.abi.ts';
import { ringCapacity, ringEntryOffset, SharedRing } from './ring.abi.ts';

describe('a shared ring', () => {
  it('holds 32, 64, 128, 256, 512 block requests in 1 to 16 pages', () => {
    const capacities = [1, 2, 4, 8, 16].map((n) => ringCapacity(n * 4096, BLKIF_RING_ENTRY_BYTES));
    expect(capacities).toEqual([32, 64, 128, 256, 512]);
  });

  it('holds nothing when not even one entry fits', () => {
    expect(ringCapacity(SharedRing.size + 107, 108)).toBe(0);
  });

  it('keeps every entry inside its pages, whatever the index', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.nat(4), (index, order) => {
        const ringBytes = 4096 << order;
        const capacity = ringCapacity(ringBytes, BLKIF_RING_ENTRY_BYTES);
        const at = ringEntryOffset(index, capacity, BLKIF_RING_ENTRY_BYTES);
        expect(at).toBeGreaterThanOrEqual(SharedRing.size);
        expect(at + BLKIF_RING_ENTRY_BYTES).toBeLessThanOrEqual(ringBytes);
      }),
    );
  });

  it('goes on with the next entry where the index wraps at 2^32', () => {
    expect(ringEntryOffset(0xffffffff, 32, 108)).toBe(SharedRing.size + 31 * 108);
    expect(ringEntryOffset(0, 32, 108)).toBe(SharedRing.size);
  });
});
