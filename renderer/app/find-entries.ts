import type { IconName } from '../design/icon.tsx';

export interface PaletteEntry {
  readonly id: string;
  readonly label: string;
  readonly detail: string | null;
  readonly icon: IconName;
  /** What the typed words are looked for in, in lower case. */
  readonly hay: string;
  run(): void;
}

/** Many domains have many actions: what does not fit the screen is found by typing on. */
const SHOWN = 9;

/** Every typed word must occur; a label that begins with the text comes first. */
export function findEntries(entries: readonly PaletteEntry[], text: string): PaletteEntry[] {
  const typed = text.trim().toLowerCase();
  const words = typed.split(/\s+/);
  const found = entries.filter(({ hay }) => words.every((word) => hay.includes(word)));
  const rank = ({ hay }: PaletteEntry): number => (hay.startsWith(typed) ? 0 : 1);
  return found.toSorted((a, b) => rank(a) - rank(b)).slice(0, SHOWN);
}
