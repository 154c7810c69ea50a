import { describe, expect, expectTypeOf, it } from 'vitest';
import { array, bytes, chars, domid, i16, port, u16, u32, u64, u8 } from './field-types.ts';
import { DomId, EventPort } from './numbers.ts';
import { LayoutError, struct, union } from './struct.ts';

const Inner = struct('inner', 8, { a: [0, u16], b: [4, u32] });
const Outer = struct('outer', 44, {
  kind: [0, u8],
  status: [2, i16],
  time: [4, u64],
  inner: [12, array(Inner, 2)],
  u: [28, union('outer.u', 8, { word: u32, pair: Inner })],
  text: [36, chars(8)],
});
const viewOf = (size: number) => new DataView(new ArrayBuffer(size));

describe('a struct table', () => {
  it('reads little-endian at an offset into a view that starts inside its buffer', () => {
    const buffer = new ArrayBuffer(32);
    new Uint8Array(buffer).set([0x34, 0x12, 0xff, 0xff, 0x78, 0x56, 0x34, 0x12], 12);
    expect(Inner.read(new DataView(buffer, 8), 4)).toEqual({ a: 0x1234, b: 0x12345678 });
  });

  it('writes the given fields and leaves other fields and padding as they were', () => {
    const view = viewOf(Outer.size);
    new Uint8Array(view.buffer).fill(0xee);
    Outer.write(view, 0, { status: -2, u: { pair: { b: 7 } } });
    const after = Outer.read(view, 0);
    expect([after.kind, after.status, after.u.pair]).toEqual([0xee, -2, { a: 0xeeee, b: 7 }]);
    expect(view.getUint8(1)).toBe(0xee);
  });

  it('gives back what was written, from shared memory too', () => {
    const value = {
      kind: 255,
      status: -1,
      time: 2n ** 64n - 1n,
      inner: [
        { a: 1, b: 2 },
        { a: 3, b: 0xffffffff },
      ],
      text: 'xen-3.0',
    };
    for (const buffer of [new ArrayBuffer(64), new SharedArrayBuffer(64)]) {
      const view = new DataView(buffer, 16);
      Outer.write(view, 3, value);
      expect(Outer.read(view, 3)).toMatchObject(value);
    }
  });

  it('tells offsets', () => {
    expect(Outer.offset).toEqual({ kind: 0, status: 2, time: 4, inner: 12, u: 28, text: 36 });
  });

  it('knows the type of every field from the table', () => {
    const Send = struct('send', 8, { dom: [0, domid], port: [4, port] });
    expectTypeOf(Send.read(viewOf(8), 0)).toEqualTypeOf<{ dom: DomId; port: EventPort }>();
    expectTypeOf(Outer.read(viewOf(44), 0).u.pair.b).toEqualTypeOf<number>();
    // @ts-expect-error: a plain number is no port
    Send.write(viewOf(8), 0, { port: 3 });
    // @ts-expect-error: no such field
    Send.write(viewOf(8), 0, { prot: EventPort(3) });
  });

  it('refuses a read or write that leaves the view', () => {
    expect(() => Inner.read(viewOf(8), 1)).toThrow(RangeError);
    expect(() => Inner.read(viewOf(8), -4)).toThrow(RangeError);
    expect(() => bytes(4).read(viewOf(8), 5)).toThrow(RangeError);
    expect(() => bytes(4).write(viewOf(8), -1, new Uint8Array(4))).toThrow(RangeError);
  });

  it('reads bytes as a copy that later writes do not change', () => {
    const view = viewOf(4);
    const copy = bytes(4).read(view, 0);
    view.setUint32(0, 0xffffffff);
    expect([...copy]).toEqual([0, 0, 0, 0]);
  });

  it('fills shorter bytes and text with zeroes and refuses longer ones', () => {
    const view = viewOf(4);
    view.setUint32(0, 0xffffffff);
    bytes(4).write(view, 0, Uint8Array.of(1));
    expect(view.getUint32(0)).toBe(0x01000000);
    chars(4).write(view, 0, 'abc');
    expect(chars(4).read(view, 0)).toBe('abc');
    expect(() => chars(4).write(view, 0, 'abcd')).toThrow(RangeError);
    expect(() => bytes(4).write(view, 0, new Uint8Array(5))).toThrow(RangeError);
    expect(() => array(u8, 4).write(view, 0, [1, 2, 3])).toThrow(RangeError);
  });
});

describe('a table that contradicts itself', () => {
  it.each([
    ['overlap', () => struct('s', 8, { a: [0, u32], b: [2, u16] })],
    ['overlap, declared out of order', () => struct('s', 8, { b: [2, u16], a: [0, u32] })],
    ['misalignment', () => struct('s', 8, { a: [2, u32] })],
    ['a 64-bit integer off 4 bytes', () => struct('s', 12, { a: [2, u64] })],
    ['overrun', () => struct('s', 4, { a: [4, u8] })],
    ['a size that alignment would round up', () => struct('s', 6, { a: [0, u32] })],
    ['a negative offset', () => struct('s', 8, { a: [-4, u32] })],
    ['an arm beyond its union', () => union('u', 4, { a: u64 })],
  ])('is refused for %s', (_, define) => {
    expect(define).toThrow(LayoutError);
  });

  it('is accepted with a 64-bit integer at a multiple of 4, as i386 aligns it', () => {
    expect(struct('s', 12, { a: [4, u64] }).align).toBe(4);
  });
});

describe('the branded numbers', () => {
  it('convert a register that was read as signed', () => {
    expect([DomId(0x17ff0), EventPort(-1)]).toEqual([0x7ff0, 0xffffffff]);
  });
});
