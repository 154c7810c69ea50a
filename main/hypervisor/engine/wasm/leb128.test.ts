import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, encodeI32, encodeU32 } from './leb128.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

/** The definition of signed LEB128, by multiplication instead of shifts. */
function decodeSigned(bytes: readonly number[]): number {
  let value = 0;
  bytes.forEach((byte, index) => (value += (byte & 0x7f) * 128 ** index));
  const negative = (bytes.at(-1)! & 0x40) !== 0;
  return negative ? value - 128 ** bytes.length : value;
}

describe('LEB128', () => {
  it('reads back what it wrote, and leaves what follows', () => {
    fc.assert(
      fc.property(u32, fc.uint8Array(), (value, rest) => {
        const reader = new ByteReader(Uint8Array.from([...encodeU32(value), ...rest]));
        expect(reader.u32()).toBe(value);
        expect([...reader.take(rest.length)]).toEqual([...rest]);
        expect(reader.done).toBe(true);
      }),
    );
  });

  it('writes signed numbers so that the definition reads them', () => {
    fc.assert(fc.property(i32, (value) => decodeSigned(encodeI32(value)) === value));
  });

  it('writes as few bytes as there can be', () => {
    expect(
      [0, 127, 128, 16383, 16384, 0xffff_ffff].map((value) => encodeU32(value).length),
    ).toEqual([1, 1, 2, 2, 3, 5]);
    expect([0, 63, 64, -64, -65, 0x7fff_ffff].map((value) => encodeI32(value).length)).toEqual([
      1, 1, 2, 1, 2, 5,
    ]);
    expect(encodeU32(624485)).toEqual([0xe5, 0x8e, 0x26]);
    expect(encodeI32(-123456)).toEqual([0xc0, 0xbb, 0x78]);
  });

  it('never reads beyond the end, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 12 }),
        fc.constantFrom('u8', 'u32', 'name'),
        (bytes, what) => {
          const reader = new ByteReader(bytes);
          try {
            reader[what]();
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
            return;
          }
          expect(reader.at).toBeLessThanOrEqual(bytes.length);
        },
      ),
    );
  });

  it('refuses integers that never end', () => {
    expect(() => new ByteReader(new Uint8Array(9).fill(0x80)).u32()).toThrow(/longer than 32 bits/);
  });
});
