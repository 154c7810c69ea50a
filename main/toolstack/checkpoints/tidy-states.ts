/** At start-up: what a program that was killed left of saved memory, and what is said of checkpoints. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SiteParts } from '../site-parts.ts';
import { countCheckpoints } from './checkpoint-book.ts';

const FILE = /^([0-9a-f-]{36})\.(saved|checkpoint)$/;

/** Forgets checkpoints that never became whole, and deletes files that nobody asks for. */
export function tidyStates(parts: SiteParts): void {
  const { checkpoints, domains } = parts.store;
  for (const record of checkpoints.all()) if (!record.isWhole) checkpoints.remove(record);
  const known = new Set<string>([
    ...checkpoints.all().map(({ id }) => `${id}.checkpoint`),
    ...domains
      .all()
      .filter(({ fate }) => fate.endedAs === 'saved')
      .map(({ definition }) => `${definition.uuid}.saved`),
  ]);
  const folder = parts.home.states;
  for (const name of readdirSync(folder)) {
    const isOurs = FILE.test(name) || name.endsWith('.part');
    if (isOurs && !known.has(name)) rmSync(join(folder, name), { force: true });
  }
  for (const { uuid } of parts.domains.everything()) countCheckpoints(parts, uuid);
}
