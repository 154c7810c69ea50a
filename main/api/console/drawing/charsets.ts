/** The character sets of a terminal: what it prints for the letters that it gets. */
import type { Charset, Core } from './internals.ts';

/** The letters that say which of the four slots a set goes to. */
const SLOTS = ['(', ')', '*', '+'];
/** Locking shifts to the slots. */
const SHIFTS = ['\x0f', '\x0e', '\x1bn', '\x1bo'];

/** Told from each other by what they print for `@`, `[` and `~`. */
const LETTERS: Readonly<Record<string, string>> = {
  '·': '0', // line drawing
  '': 'A', // British: only the number sign
  '¾ij´': '4',
  Äü: '5',
  'à°¨': 'R',
  àâû: 'Q',
  '§Äß': 'K',
  '§°ì': 'Y',
  ÄÆü: '6',
  '§¡': 'Z',
  ÉÄü: '7',
  àéû: '=',
};

export const ASCII_IN_FIRST = '\x1b(B';

/** Into the first slot, which is in use where nothing else is said. */
export function designate(charset: Charset, slot = 0): string {
  return `\x1b${SLOTS[slot]}${letterOf(charset)}`;
}

/** Sequences that set all of them, from ASCII in all slots; `inUse` in the slot that is. */
export function drawCharsets(
  { _charsetService: { _charsets, glevel } }: Core,
  inUse: Charset,
): string {
  let text = '';
  for (const slot of SLOTS.keys()) {
    const charset = slot === glevel ? inUse : _charsets[slot];
    if (charset) text += designate(charset, slot);
  }
  return glevel === 0 ? text : text + SHIFTS[glevel];
}

/** What to write where `charset` is in use for these characters to appear; null: nothing. */
export function written(text: string, charset: Charset): string | null {
  const first = text.charAt(0);
  if (charset?.[first] === undefined) return text;
  const letter = Object.keys(charset).find((key) => charset[key]?.charAt(0) === first);
  return letter === undefined ? null : letter + text.slice(1);
}

function letterOf(charset: Charset): string {
  if (!charset) return 'B';
  const sample = ['@', '[', '~'].map((letter) => charset[letter] ?? '').join('');
  return LETTERS[sample] ?? 'B';
}
