import { expect, test } from 'vitest';
import { NO_SLOTS, placeRows } from './row-slots.ts';

const any = () => true;

test('a row keeps its slot while it is drawn', () => {
  const first = placeRows(NO_SLOTS, ['a', 'b', 'c'], any);
  const second = placeRows(first, ['b', 'c', 'd'], any);
  expect([...second]).toEqual([
    ['b', first.get('b')],
    ['c', first.get('c')],
    ['d', first.get('a')],
  ]);
});

test('the same rows are the same slots', () => {
  const first = placeRows(NO_SLOTS, ['a', 'b'], any);
  expect(placeRows(first, ['a', 'b'], any)).toBe(first);
});

test('a row that must not be taken over leaves its slot empty', () => {
  const first = placeRows(NO_SLOTS, ['a', 'b'], any);
  const second = placeRows(first, ['b', 'c'], (key) => key !== 'a');
  expect([...first.values()]).not.toContain(second.get('c'));
});

test('no two rows share a slot, whatever comes and goes', () => {
  let slots = NO_SLOTS;
  for (const drawn of ['abcd', 'cdef', 'xcd', 'abcdefgh', 'h', 'ghab']) {
    slots = placeRows(slots, [...drawn], (key) => key !== 'd');
    expect([...slots.keys()]).toEqual([...drawn]);
    expect(new Set(slots.values()).size).toBe(drawn.length);
  }
});
