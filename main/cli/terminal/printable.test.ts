import { expect, it } from 'vitest';
import { printable } from './printable.ts';

it('shows control characters, old and new ones, instead of obeying them', () => {
  expect(printable('a\x1b]0;title\x07b\x9b31mc\r')).toBe('a\\x1b]0;title\\x07b\\x9b31mc\\x0d');
});

it('leaves lines, tabs and letters of any language alone', () => {
  expect(printable('Zeile\t1\nŽluťoučký 馬')).toBe('Zeile\t1\nŽluťoučký 馬');
});
