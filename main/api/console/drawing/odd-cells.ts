/**
 * What is left of wide characters that were written over in part. Each is made as it came to be, at
 * the end of its line while that is empty, and brought to its place by deleting what is between.
 */
import type { Brush } from './brush.ts';
import type { Overhang, Run, SimpleRun } from './line-reader.ts';

/** The ideographic space. */
export const WIDE = '\u3000';
const INSERT = '\x1b[4h';
const REPLACE = '\x1b[4l';
export const NO_WRAP = '\x1b[?7l';
export const WRAP = '\x1b[?7h';

export type OddRun = Overhang | (SimpleRun & { readonly kind: 'bare' | 'half' });
export type PlainRun = SimpleRun & { readonly kind: 'text' | 'mark' | 'erased' };

export function isOdd(run: Run): run is OddRun {
  return run.kind === 'bare' || run.kind === 'half' || run.kind === 'overhang';
}

export function isPlain(run: Run): run is PlainRun {
  return !isOdd(run);
}

/** From left to right, before the rest of the line. */
export function drawOddCells(brush: Brush, runs: readonly OddRun[]): void {
  for (const run of runs) {
    if (run.kind === 'bare') drawBare(brush, run);
    if (run.kind === 'half') drawHalf(brush, run);
    if (run.kind === 'overhang') drawOverhang(brush, run);
  }
}

/** A character comes in before a wide one in the last two columns: of that remains the pen's style. */
function drawBare(brush: Brush, { column, style }: Run): void {
  const last = brush.columns - 1;
  brush.jumpTo(last - 1);
  brush.print(WIDE, 2, style);
  brush.jumpTo(last - 1);
  brush.write(INSERT);
  brush.print(' ', 1, style);
  brush.write(REPLACE);
  if (column < last) return bringBack(brush, last, column);
  brush.jumpTo(last - 1);
  brush.erase(1, '');
}

/** Blanks come in between the two halves of a wide character. */
function drawHalf(brush: Brush, { column, style }: Run): void {
  const last = brush.columns - 1;
  brush.jumpTo(last - 2);
  brush.print(WIDE, 2, style);
  brush.setBackground('');
  brush.jumpTo(last - 1);
  brush.write('\x1b[@');
  // With the blank before it, without which it would go, too.
  bringBack(brush, last - 1, column - 1);
}

function drawOverhang(brush: Brush, run: Overhang): void {
  const last = brush.columns - 1;
  brush.jumpTo(last - 1);
  brush.write(NO_WRAP);
  printOverhang(brush, run);
  brush.write(WRAP);
  bringBack(brush, last - 1, run.column);
}

/**
 * In the last two columns, while lines do not wrap: what has no room there is dropped, a narrow
 * character is written into the last column, whatever is there, and marks of a wide one that was
 * dropped go to the column before. The cursor waits behind the last column, if that has a character.
 */
export function printOverhang(brush: Brush, { text, style, second }: Overhang): void {
  if (second.stretched === null) {
    brush.print(text, 2, style);
    return brush.print(second.text === '' ? WIDE : second.text, 0, second.style);
  }
  if (second.stretched === '') {
    brush.erase(1, style.background);
    brush.jumpTo(brush.columns - 1);
  } else {
    brush.print(second.stretched, 1, style);
  }
  if (second.text === '') brush.erase(1, second.style.background);
  brush.print(WIDE + text.slice(second.stretched.length) + second.text, 1, second.style);
}

/** What is at `from`, and all that follows it, to column `to`. */
function bringBack(brush: Brush, from: number, to: number): void {
  brush.setBackground('');
  brush.jumpTo(to);
  if (from > to) brush.write(`\x1b[${from - to}P`);
}
