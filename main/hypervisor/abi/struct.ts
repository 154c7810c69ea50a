/**
 * Binary layouts as tables: each field with its offset, checked when the module loads.
 *
 *     export const BindInterdomain = struct('evtchn_bind_interdomain', 12, {
 *       remoteDom: [0, domid],
 *       remotePort: [4, port],
 *       localPort: [8, port],
 *     });
 *     const { remoteDom, remotePort } = BindInterdomain.read(view, 0);
 *     BindInterdomain.write(view, 0, { localPort });
 *
 * In a ring loop take `X.offset.field` once and use a DataView or Atomics: `read` builds an object.
 */
import type { AnyFieldType, FieldType, ValueOf, WritableOf } from './field-types.ts';

/** Field name to its offset in bytes and its type. */
export type FieldTable = Readonly<Record<string, readonly [offset: number, type: AnyFieldType]>>;

export type FieldsOf<F extends FieldTable> = { -readonly [K in keyof F]: ValueOf<F[K][1]> };
export type PartialFieldsOf<F extends FieldTable> = {
  readonly [K in keyof F]?: WritableOf<F[K][1]>;
};

/** A layout; also a field type, so that layouts nest. */
export interface Struct<F extends FieldTable> extends FieldType<FieldsOf<F>, PartialFieldsOf<F>> {
  /** The C tag, for messages. */
  readonly name: string;
  readonly fields: F;
  /** Offset of each field in bytes. */
  readonly offset: { readonly [K in keyof F]: number };
  /** All fields, copied. @throws RangeError when the layout does not lie inside the view. */
  read(view: DataView, at: number): FieldsOf<F>;
  /** Writes the given fields and leaves the others and the padding as they are. */
  write(view: DataView, at: number, fields: PartialFieldsOf<F>): void;
}

/** What reading a layout gives: `StructValue<typeof BindInterdomain>`. */
export type StructValue<S> = S extends Struct<infer F> ? FieldsOf<F> : never;

/** A table that contradicts itself: a mistake in this program. */
export class LayoutError extends Error {
  override readonly name = 'LayoutError';
}

/**
 * A C struct for i386.
 *
 * @param name the C tag.
 * @param size `sizeof`, in bytes.
 * @throws LayoutError for fields that overlap, are misaligned, or lie outside the size.
 */
export function struct<const F extends FieldTable>(
  name: string,
  size: number,
  fields: F,
): Struct<F> {
  const layout = layoutOf(name, size, fields);
  let end = 0;
  for (const [field, offset, type] of layout.ordered) {
    if (offset < end) {
      throw new LayoutError(`${name}.${field} at ${offset} overlaps what ends at ${end}`);
    }
    end = offset + type.size;
  }
  return layout.struct;
}

/**
 * A C union: every arm at offset 0. Reading reads all arms; write the one that is meant.
 *
 * @throws LayoutError for an arm larger than the size.
 */
export function union<const A extends Readonly<Record<string, AnyFieldType>>>(
  name: string,
  size: number,
  arms: A,
): Struct<{ [K in keyof A]: readonly [0, A[K]] }> {
  type Fields = { [K in keyof A]: readonly [0, A[K]] };
  const fields = Object.entries(arms).map(([arm, type]) => [arm, [0, type]]);
  return layoutOf(name, size, Object.fromEntries(fields) as Fields).struct;
}

type Entry = readonly [field: string, offset: number, type: FieldType<unknown>];

function layoutOf<F extends FieldTable>(name: string, size: number, fields: F) {
  const declared = Object.entries(fields).map(([field, [offset, type]]): Entry => [
    field,
    offset,
    type as FieldType<unknown>,
  ]);
  const align = Math.max(1, ...declared.map(([, , type]) => type.align));
  checkBounds(name, size, align, declared);

  const read = (view: DataView, at: number): FieldsOf<F> => {
    const values: Record<string, unknown> = {};
    for (const [field, offset, type] of declared) values[field] = type.read(view, at + offset);
    return values as FieldsOf<F>;
  };
  const write = (view: DataView, at: number, partial: Readonly<Record<string, unknown>>): void => {
    for (const [field, offset, type] of declared) {
      const value = partial[field];
      if (value !== undefined) type.write(view, at + offset, value);
    }
  };
  const offset = Object.fromEntries(declared.map(([field, at]) => [field, at]));
  const result: Struct<F> = Object.freeze({
    name,
    size,
    align,
    fields,
    offset: Object.freeze(offset) as Struct<F>['offset'],
    read,
    write,
  });
  return { struct: result, ordered: declared.toSorted((a, b) => a[1] - b[1]) };
}

function checkBounds(name: string, size: number, align: number, entries: readonly Entry[]): void {
  if (size % align !== 0) {
    throw new LayoutError(`${name}: its size ${size} is no multiple of its alignment ${align}`);
  }
  for (const [field, offset, type] of entries) {
    if (!Number.isInteger(offset) || offset < 0 || offset % type.align !== 0) {
      throw new LayoutError(`${name}.${field} at ${offset} is not aligned to ${type.align}`);
    }
    if (offset + type.size > size) {
      throw new LayoutError(
        `${name}.${field} ends at ${offset + type.size}, the struct at ${size}`,
      );
    }
  }
}
