/**
 * Page tables of a tiny guest: everything mapped one to one with large pages, writable and for user
 * code too, but for the window of `places.ts`, which has small pages of every kind.
 */
import { BEYOND_FRAME, Place, Window } from './places.ts';

export type Paging = 'two-level' | 'pae';

const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const LARGE = 0x80;
const ALL = PRESENT | WRITABLE | USER;

/** Two-level: the directory. PAE: four pointers, and the four directories from the next page on. */
export const PAGE_ROOT = Place.tables;
const DIRECTORIES = Place.tables + 0x1000;
const WINDOW_TABLE = Place.tables + 0x8000;

const [first, second] = Place.windowFrames;
const windowPages = [
  first | ALL,
  second | ALL,
  0,
  first | PRESENT | USER,
  BEYOND_FRAME | ALL,
] as const;

/** Writes them through `put(physical address, 32-bit value)`. */
export function writePageTables(kind: Paging, put: (address: number, value: number) => void): void {
  const entryBytes = kind === 'pae' ? 8 : 4;
  windowPages.forEach((entry, index) => put(WINDOW_TABLE + index * entryBytes, entry));
  if (kind === 'two-level') {
    for (let index = 0; index < 1024; index++)
      put(PAGE_ROOT + index * 4, (index << 22) | LARGE | ALL);
    put(PAGE_ROOT + (Window.start >>> 22) * 4, WINDOW_TABLE | ALL);
    return;
  }
  for (let index = 0; index < 4; index++)
    put(PAGE_ROOT + index * 8, (DIRECTORIES + index * 4096) | PRESENT);
  for (let index = 0; index < 2048; index++)
    put(DIRECTORIES + index * 8, (index << 21) | LARGE | ALL);
  put(DIRECTORIES + (Window.start >>> 21) * 8, WINDOW_TABLE | ALL);
}
