/** `checkpoints.*` of the contract. */
import { checkpointNamed, checkpointsOf } from '../checkpoints/checkpoint-book.ts';
import { createCheckpoint } from '../checkpoints/create-checkpoint.ts';
import { removeCheckpoint } from '../checkpoints/remove-checkpoint.ts';
import { revert } from '../checkpoints/revert.ts';
import type { SiteParts } from '../site-parts.ts';
import { resolve } from './domain-calls.ts';
import type { SiteApi } from './site-api.ts';

export function checkpointCalls(parts: SiteParts): SiteApi['checkpoints'] {
  return {
    list: async ({ domain }) => checkpointsOf(parts, resolve(parts, domain)),
    create: async ({ domain, label }) => createCheckpoint(parts, resolve(parts, domain), label),
    revert: async ({ domain, checkpoint, paused }) => {
      const found = resolve(parts, domain);
      return revert(parts, found, checkpointNamed(parts, found, checkpoint), paused);
    },
    remove: async ({ domain, checkpoint }) => {
      const found = resolve(parts, domain);
      return removeCheckpoint(parts, found, checkpointNamed(parts, found, checkpoint));
    },
  };
}
