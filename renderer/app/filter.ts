import type { RosterEntry } from '../site/keys.ts';
import { Value } from '../state/value.ts';

/** What is typed in the search field: narrows every list of domains in the window. */
export const filter = new Value('');

/** Each word must occur in the domain's name, its host's name or its state. */
export function matches(entry: RosterEntry, text: string): boolean {
  const hay = `${entry.name} ${entry.host} ${entry.state}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}
