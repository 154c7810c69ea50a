import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceCheck, sequenceBytes, writeSequence } from './sequence-check.ts';
import type { Sequence } from './sequence-check.ts';

const SEQUENCE: Sequence = { first: 101, last: 120, text: ' some text' };

function printed({ first, last, text }: Sequence, cycles: number): Buffer {
  const lines = Array.from(
    { length: last - first + 1 },
    (_, index) => `${first + index}${text}\r\n`,
  );
  return Buffer.from(lines.join('').repeat(cycles));
}

function check(bytes: Uint8Array, cycles: number, pieces: readonly number[] = []): SequenceCheck {
  const watch = new SequenceCheck(SEQUENCE);
  let at = 0;
  for (const length of pieces) watch.push(bytes.subarray(at, (at += length)));
  watch.push(bytes.subarray(at));
  watch.finish(cycles);
  return watch;
}

describe('SequenceCheck', () => {
  it('finds nothing lost in what is whole, however it is cut', () => {
    const bytes = printed(SEQUENCE, 3);
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 12 }), (pieces) => {
        const { lostBytes, receivedBytes } = check(bytes, 3, pieces);
        expect(lostBytes).toBe(0);
        expect(receivedBytes).toBe(3 * sequenceBytes(SEQUENCE));
      }),
    );
  });

  it('notices any piece that is missing', () => {
    const bytes = printed(SEQUENCE, 2);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 200 }), (from, length) => {
        const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]);
        const missing = bytes.length - rest.length;
        expect(check(rest, 2).lostBytes).toBeGreaterThanOrEqual(missing);
      }),
    );
  });

  it('notices bytes that came as others', () => {
    const bytes = printed(SEQUENCE, 1);
    bytes[40] = 0x3f;
    expect(check(bytes, 1).lostBytes).toBeGreaterThan(0);
  });

  it('counts whole lines that are missing by their bytes', () => {
    const line = SEQUENCE.text.length + 3 + 2;
    const bytes = printed(SEQUENCE, 1);
    const rest = Buffer.concat([bytes.subarray(0, 2 * line), bytes.subarray(5 * line)]);
    expect(check(rest, 1).lostBytes).toBe(3 * line);
  });

  it('refuses numbers of unequal width', () => {
    expect(() => new SequenceCheck({ first: 9, last: 10, text: '' })).toThrow(RangeError);
  });
});

describe('writeSequence', () => {
  it('is shell for the numbers and their text', () => {
    expect(writeSequence({ first: 10, last: 20, text: '' }, '/f')).toBe('seq 10 20 >/f');
    expect(writeSequence(SEQUENCE, '/f')).toBe("seq 101 120 | sed 's/$/ some text/' >/f");
  });
});
