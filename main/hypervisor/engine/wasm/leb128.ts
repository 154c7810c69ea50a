/** LEB128, the variable-length integers of the WebAssembly binary format (spec 5.2.2). */

/** A cursor over bytes; every read checks the end. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  u8(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new RangeError('WebAssembly module ends inside a value');
    return value;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('WebAssembly module holds an integer longer than 32 bits');
  }

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) {
      throw new RangeError('WebAssembly module ends inside a section');
    }
    return this.bytes.subarray(this.at, (this.at += count));
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }
}

export function encodeU32(value: number): number[] {
  const out: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    out.push(value > 0 ? low | 0x80 : low);
  } while (value > 0);
  return out;
}

export function encodeI32(value: number): number[] {
  const out: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    const signBit = low & 0x40;
    if ((value === 0 && !signBit) || (value === -1 && signBit)) return [...out, low];
    out.push(low | 0x80);
  }
}
