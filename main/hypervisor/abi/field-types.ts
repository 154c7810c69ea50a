/**
 * What a field of a binary layout can hold. Little-endian is decided here and nowhere else.
 * Alignments are those of i386, where a 64-bit integer is aligned to 4.
 */
import { DomId, EventPort, Gfn, GrantRef, GuestVirtualAddress, VcpuId } from './numbers.ts';

/**
 * @typeParam Value what reading gives.
 * @typeParam Writable what writing takes; for a struct a part of its fields.
 */
export interface FieldType<Value, Writable = Value> {
  /** Bytes. */
  readonly size: number;
  /** Bytes; a power of two. */
  readonly align: number;
  /** Of an integer, whether the top bit is a sign. */
  readonly signed?: boolean;
  /** @throws RangeError when the field does not lie inside the view. */
  read(view: DataView, at: number): Value;
  /** @throws RangeError when the field does not lie inside the view, or the value is too long. */
  write(view: DataView, at: number, value: Writable): void;
}

/** The constraint for "any field type": read it as unknown, write nothing to it. */
export type AnyFieldType = FieldType<unknown, never>;

export type ValueOf<T> = T extends FieldType<infer Value, never> ? Value : never;
export type WritableOf<T> = T extends { write(v: DataView, a: number, x: infer W): void }
  ? W
  : never;

export interface ArrayType<T extends AnyFieldType> extends FieldType<
  ValueOf<T>[],
  readonly WritableOf<T>[]
> {
  readonly element: T;
  readonly length: number;
}

export const u8: FieldType<number> = {
  size: 1,
  align: 1,
  signed: false,
  read: (view, at) => view.getUint8(at),
  write: (view, at, value) => view.setUint8(at, value),
};

export const i8: FieldType<number> = {
  size: 1,
  align: 1,
  signed: true,
  read: (view, at) => view.getInt8(at),
  write: (view, at, value) => view.setInt8(at, value),
};

export const u16: FieldType<number> = {
  size: 2,
  align: 2,
  signed: false,
  read: (view, at) => view.getUint16(at, true),
  write: (view, at, value) => view.setUint16(at, value, true),
};

export const i16: FieldType<number> = {
  size: 2,
  align: 2,
  signed: true,
  read: (view, at) => view.getInt16(at, true),
  write: (view, at, value) => view.setInt16(at, value, true),
};

export const u32: FieldType<number> = {
  size: 4,
  align: 4,
  signed: false,
  read: (view, at) => view.getUint32(at, true),
  write: (view, at, value) => view.setUint32(at, value, true),
};

export const i32: FieldType<number> = {
  size: 4,
  align: 4,
  signed: true,
  read: (view, at) => view.getInt32(at, true),
  write: (view, at, value) => view.setInt32(at, value, true),
};

/** A bigint, 0 to 2^64 - 1: guests do pass values beyond 2^53 (a flush's sector is 2^64 - 1). */
export const u64: FieldType<bigint> = {
  size: 8,
  align: 4,
  signed: false,
  read: (view, at) => view.getBigUint64(at, true),
  write: (view, at, value) => view.setBigUint64(at, value, true),
};

const branded = <T extends number>(base: FieldType<number>, make: (n: number) => T) => {
  const { signed: _, ...layout } = base;
  const type: FieldType<T> = {
    ...layout,
    signed: false,
    read: (view, at) => make(base.read(view, at)),
    write: (view, at, value) => base.write(view, at, value),
  };
  return type;
};

/** `domid_t` */
export const domid = branded(u16, DomId);
/** `evtchn_port_t` */
export const port = branded(u32, EventPort);
/** `grant_ref_t` */
export const gref = branded(u32, GrantRef);
/** A vCPU's number, where the header says `uint32_t vcpu`. */
export const vcpu = branded(u32, VcpuId);
/** `xen_pfn_t` that counts guest frames. */
export const gfn = branded(u32, Gfn);

/** `XEN_GUEST_HANDLE(...)`: a pointer in the guest's virtual address space. */
export const guestHandle: FieldType<GuestVirtualAddress> = {
  size: 4,
  align: 4,
  read: (view, at) => GuestVirtualAddress(view.getUint32(at, true)),
  write: (view, at, value) => view.setUint32(at, value, true),
};

const window = (view: DataView, at: number, size: number): Uint8Array => {
  if (at < 0 || at + size > view.byteLength) {
    throw new RangeError(`${size} bytes at ${at} do not lie inside ${view.byteLength} bytes`);
  }
  return new Uint8Array(view.buffer, view.byteOffset + at, size);
};

/** Raw bytes. Reading copies; a shorter value is written with zeroes behind it. */
export function bytes(length: number): FieldType<Uint8Array<ArrayBuffer>, Uint8Array> {
  return {
    size: length,
    align: 1,
    read: (view, at) => new Uint8Array(window(view, at, length)),
    write: (view, at, value) => {
      if (value.length > length) {
        throw new RangeError(`${value.length} bytes do not fit a field of ${length}`);
      }
      const target = window(view, at, length);
      target.set(value);
      target.fill(0, value.length);
    },
  };
}

/** `char name[length]`: text of one byte a character, ended by a NUL and filled with NULs. */
export function chars(length: number): FieldType<string> {
  const raw = bytes(length);
  return {
    size: length,
    align: 1,
    read: (view, at) => {
      const content = raw.read(view, at);
      const end = content.indexOf(0);
      return Buffer.from(end < 0 ? content : content.subarray(0, end)).toString('latin1');
    },
    write: (view, at, value) => {
      if (value.length >= length) {
        throw new RangeError(`"${value}" and its NUL do not fit a field of ${length} bytes`);
      }
      raw.write(view, at, Buffer.from(value, 'latin1'));
    },
  };
}

/** `type name[length]`. Writing takes exactly as many elements. */
export function array<T extends AnyFieldType>(element: T, length: number): ArrayType<T> {
  const type = element as unknown as FieldType<ValueOf<T>, WritableOf<T>>;
  return {
    element,
    length,
    size: element.size * length,
    align: element.align,
    read: (view, at) => {
      const values: ValueOf<T>[] = [];
      for (let i = 0; i < length; i++) values.push(type.read(view, at + i * type.size));
      return values;
    },
    write: (view, at, values) => {
      if (values.length !== length) {
        throw new RangeError(`an array of ${length} elements was given ${values.length}`);
      }
      values.forEach((value, i) => type.write(view, at + i * type.size, value));
    },
  };
}
