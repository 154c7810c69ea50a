import fc from 'fast-check';
import { PAYLOAD_MAX_BYTES } from '../wire.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });

/** Messages of any type with any payload the protocol can carry. */
export const messages = fc.array(
  fc.record({
    type: fc.oneof(fc.integer({ min: 0, max: 30 }), u32),
    reqId: u32,
    txId: u32,
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: PAYLOAD_MAX_BYTES, size: 'max' }),
    ),
  }),
  { maxLength: 8 },
);

/** Paths of a small tree, so that operations meet each other. */
export const smallPaths = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((words) => `/${words.join('/')}`);

/** Cuts bytes into pieces of the given lengths, repeated as needed. */
export function chunked(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % Math.max(lengths.length, 1)] ?? bytes.length;
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}
