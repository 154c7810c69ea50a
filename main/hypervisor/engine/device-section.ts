/**
 * A device's state as bytes, for the stream: how long the outline is (little-endian word), the outline
 * as JSON, with each array's place instead of its bytes, then the arrays. The VGA's memory alone is
 * megabytes, which as text would cost the domain that stands still more than all else.
 */
import type { Saved } from './device-state.ts';

const WORD = 4;

export function encodeDevice(state: Saved): Uint8Array {
  const arrays: Uint8Array[] = [];
  let end = 0;
  const outline = JSON.stringify(state, (_key, value: unknown) => {
    if (!(value instanceof Uint8Array)) return value;
    const place = { at: end, length: value.length };
    arrays.push(value);
    end += value.length;
    return place;
  });
  const text = new TextEncoder().encode(outline);
  const bytes = new Uint8Array(WORD + text.length + end);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, WORD);
  let at = WORD + text.length;
  for (const array of arrays) {
    bytes.set(array, at);
    at += array.length;
  }
  return bytes;
}

/**
 * What {@link encodeDevice} made, if it is that: unchecked but for its places, and that its arrays are no
 * more than the section has.
 *
 * @throws RangeError, SyntaxError
 */
export function decodeDevice(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = WORD + view.getUint32(0, true);
  if (start > bytes.length) throw new RangeError('the outline is longer than the section');
  const arrays = bytes.subarray(start);
  let left = arrays.length;
  const text = new TextDecoder().decode(bytes.subarray(WORD, start));
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'at')) return value;
    const { at, length } = value as { at?: unknown; length?: unknown };
    const isIn = isCount(at) && isCount(length) && at + length <= arrays.length;
    if (!isIn || length > left) throw new RangeError('an array lies beyond the section');
    left -= length;
    return arrays.slice(at, at + length);
  });
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
