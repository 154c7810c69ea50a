import { expect, it } from 'vitest';
import { keyValues, table } from './table.ts';

it('makes columns as wide as their content, numbers to the right, without trailing spaces', () => {
  expect(
    table(
      ['Name', 'Mem', 'State'],
      [
        ['alpha', '1024', 'up'],
        ['b', '64', ''],
      ],
      ['Mem'],
    ),
  ).toEqual(['Name    Mem  State', 'alpha  1024  up', 'b        64']);
});

it("pads keys as xl's info does", () => {
  expect(keyValues([['total_memory', 1024]])).toEqual(['total_memory           : 1024']);
});
