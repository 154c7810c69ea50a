import { describe, expect, it } from 'vitest';
import { findEntries, type PaletteEntry } from './find-entries.ts';

function entry(label: string, hay = label): PaletteEntry {
  return {
    id: label,
    label,
    detail: null,
    icon: 'run',
    hay: hay.toLowerCase(),
    run: () => undefined,
  };
}

describe('the command palette', () => {
  const entries = [
    entry('Open web1', 'web1 alpha'),
    entry('web1: Pause'),
    entry('The web'),
    entry('db1'),
  ];

  it('finds what has every typed word', () => {
    expect(findEntries(entries, 'pause WEB').map(({ id }) => id)).toEqual(['web1: Pause']);
  });

  it('has first what begins with the text, in the given order', () => {
    expect(findEntries(entries, 'web').map(({ id }) => id)).toEqual([
      'Open web1',
      'web1: Pause',
      'The web',
    ]);
  });

  it('shows the first ones when nothing is typed', () => {
    expect(findEntries(entries, '')).toHaveLength(4);
  });
});
