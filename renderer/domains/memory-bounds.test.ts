import { describe, expect, it } from 'vitest';
import type { Domain } from '../../shared/contract/schemas.ts';
import { memoryBounds } from './memory-bounds.ts';

function bounds(minimumMiB: number, maximumMiB: number) {
  const memory = {
    actualKiB: 0,
    targetKiB: 0,
    minimumKiB: minimumMiB * 1024,
    maximumKiB: maximumMiB * 1024,
  } satisfies Domain['memory'];
  return memoryBounds({ memory });
}

describe('the bounds of a memory slider', () => {
  it('are the least and the most that the domain can have', () => {
    expect(bounds(32, 128)).toEqual({ leastMiB: 32, mostMiB: 128, stepMiB: 1 });
  });

  it('step by a power of two in a wide range', () => {
    expect(bounds(64, 4096).stepMiB).toBe(8);
  });

  it('stay a range where the least is the most', () => {
    expect(bounds(64, 64)).toEqual({ leastMiB: 64, mostMiB: 64, stepMiB: 1 });
  });
});
