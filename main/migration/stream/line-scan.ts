/** Finds the lines of a page in which it differs from something else. */
import type { ToldLines } from './line-batch.ts';
import { LINE_BYTES, LinesOver, PAGE_BYTES } from './stream.abi.ts';

const LINE_WORDS = LINE_BYTES / 4;
export const PAGE_WORDS: number = PAGE_BYTES / 4;
const ZEROS = new Uint32Array(PAGE_WORDS);

/** Those of page `gfn` of `ram` with anything in them. */
export function filledLines(ram: Uint32Array, gfn: number): ToldLines {
  return linesApart(ram, gfn, LinesOver.zeros, ZEROS, 0);
}

/** Those of page `gfn` of `ram` that are not as in the page at word `otherAt` of `other`. */
export function changedLines(
  ram: Uint32Array,
  gfn: number,
  other: Uint32Array,
  otherAt: number,
): ToldLines {
  return linesApart(ram, gfn, LinesOver.before, other, otherAt);
}

function linesApart(
  ram: Uint32Array,
  gfn: number,
  over: LinesOver,
  other: Uint32Array,
  otherAt: number,
): ToldLines {
  const at = gfn * PAGE_WORDS;
  let [low, high] = [0, 0];
  for (let line = 0; line < 64; line++) {
    const from = line * LINE_WORDS;
    let word = 0;
    while (word < LINE_WORDS && ram[at + from + word] === other[otherAt + from + word]) word++;
    if (word === LINE_WORDS) continue;
    if (line < 32) low |= 1 << line;
    else high |= 1 << (line - 32);
  }
  return { gfn, over, low: low >>> 0, high: high >>> 0 };
}
