import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VolumeName } from '../../shared/contract/schemas.ts';
import { formatOf, volumeNameOf } from './volume-file.ts';

describe('a file that becomes a volume', () => {
  it('is what its first bytes say, not its name', async () => {
    expect(await formatOf(new Blob([new Uint8Array([0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3])]))).toBe(
      'qcow2',
    );
    expect(await formatOf(new Blob(['QFI']))).toBe('raw');
    expect(await formatOf(new Blob([]))).toBe('raw');
  });

  it('keeps its name as far as a volume can have it', () => {
    expect(volumeNameOf('disk.qcow2', new Set())).toBe('disk.qcow2');
    expect(volumeNameOf('My disk (old).img', new Set())).toBe('My-disk-old-.img');
    expect(volumeNameOf('…', new Set())).toBe('volume');
  });

  it('gets a number before its ending where the name is taken', () => {
    expect(volumeNameOf('a.raw', new Set(['a.raw', 'a-2.raw']))).toBe('a-3.raw');
    expect(volumeNameOf('a', new Set(['a']))).toBe('a-2');
  });

  it('always has a name that the contract takes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (fileName) => {
        const first = volumeNameOf(fileName, new Set());
        expect(VolumeName.safeParse(first).success).toBe(true);
        expect(VolumeName.safeParse(volumeNameOf(fileName, new Set([first]))).success).toBe(true);
      }),
    );
  });
});
