import type { RosterEntry } from '../site/keys.ts';
import { Value } from '../state/value.ts';

/** What is typed in the search field: narrows every list of domains in the window. */
export const filter = new Value('');

/** Each word must occur in the domain's name, its host's name, its state or its address. */
export function matches(entry: RosterEntry, text: string): boolean {
  const hay = `${entry.name} ${entry.host} ${entry.state} ${entry.address ?? ''}`.toLowerCase();
  return hasWords(hay, text);
}

/** Every word of the text occurs in `hay`, which is in lower case. */
export function hasWords(hay: string, text: string): boolean {
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}
