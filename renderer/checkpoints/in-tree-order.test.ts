import { expect, test } from 'vitest';
import type { Checkpoint } from '../../shared/contract/schemas.ts';
import { inTreeOrder } from './in-tree-order.ts';

function checkpoint(id: string, parent: string | null): Checkpoint {
  return {
    id,
    parent,
    domain: 'd',
    label: id,
    createdAtMs: 0,
    bytes: 0,
    disks: [],
    picture: null,
    isCurrent: false,
  };
}

const order = (all: Checkpoint[]): string[] =>
  inTreeOrder(all).map((entry) => `${entry.depth} ${entry.checkpoint.id}`);

test('a line that never forks is a list', () => {
  const all = [checkpoint('a', null), checkpoint('b', 'a'), checkpoint('c', 'b')];
  expect(order(all)).toEqual(['0 a', '0 b', '0 c']);
});

test('a branch stands beside where it leaves the line, which goes on below it', () => {
  const all = [
    checkpoint('a', null),
    checkpoint('b', 'a'),
    checkpoint('c', 'b'),
    checkpoint('x', 'a'),
    checkpoint('y', 'x'),
  ];
  expect(order(all)).toEqual(['0 a', '1 x', '1 y', '0 b', '0 c']);
});

test('one whose parent is not there begins a line of its own', () => {
  expect(order([checkpoint('a', null), checkpoint('b', 'gone')])).toEqual(['0 a', '0 b']);
});
