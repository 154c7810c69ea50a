/** Random histories of a disk, and what it must hold after them. */
import fc from 'fast-check';
import type { DiskImage } from '../disk-image.ts';
import { settled } from '../done.ts';

export type Step =
  | { kind: 'write'; at: number; sectors: number; byte: number; pieces: number }
  | { kind: 'discard'; at: number; sectors: number }
  | { kind: 'flush' }
  | { kind: 'reopen' }
  | { kind: 'grow'; sectors: number };

/** Positions and lengths are parts of a million of the disk's size. */
export function steps(maxLength: number): fc.Arbitrary<Step[]> {
  const range = { at: fc.nat(999_999), sectors: fc.nat(300_000) };
  const kind = <K extends Step['kind']>(name: K): fc.Arbitrary<K> => fc.constant(name);
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: kind('write'),
        ...range,
        byte: fc.nat(255),
        pieces: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: kind('discard'), ...range }) },
    { weight: 2, arbitrary: fc.record({ kind: kind('flush') }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('reopen') }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: kind('grow'), sectors: fc.integer({ min: 1, max: 2000 }) }),
    },
  );
  return fc.array(step, { maxLength });
}

/** Sectors from `at` on, as {@link Step} has them, of a disk with `total`. */
export function placeOf(step: { at: number; sectors: number }, total: number): [number, number] {
  const at = Math.min(total - 1, Math.floor((step.at / 1_000_000) * total));
  const length = 1 + Math.floor((step.sectors / 1_000_000) * total);
  return [at, Math.min(length, total - at)];
}

/** A sector's bytes tell its content apart from its neighbours'. */
export function content(at: number, sectors: number, byte: number): Uint8Array {
  const bytes = new Uint8Array(sectors * 512);
  if (byte === 0) return bytes;
  for (let sector = 0; sector < sectors; sector++) {
    bytes.fill(byte, sector * 512, (sector + 1) * 512);
    bytes[sector * 512] = (at + sector) & 255;
  }
  return bytes;
}

/** Cuts into neighbouring buffers at sectors. */
export function cut(bytes: Uint8Array, pieces: number): Uint8Array[] {
  const each = Math.ceil(bytes.length / 512 / pieces) * 512;
  const cuts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += each) cuts.push(bytes.subarray(at, at + each));
  return cuts;
}

export async function readAll(image: DiskImage): Promise<Buffer> {
  const bytes = Buffer.alloc(image.bytes);
  if (bytes.length > 0) await settled((done) => image.read(0, [bytes], done));
  return bytes;
}
