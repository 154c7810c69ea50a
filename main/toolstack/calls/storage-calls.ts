/** `pools.*` and `volumes.*` of the contract. */
import type { SiteParts } from '../site-parts.ts';
import { addPool, removePool } from '../storage/pool-changes.ts';
import { cloneVolume, createVolume, removeVolume, resizeVolume } from '../storage/volumes.ts';
import type { SiteApi } from './site-api.ts';

export function poolCalls(parts: SiteParts): SiteApi['pools'] {
  return {
    list: async () => parts.poolViews.all(),
    add: async (input) => {
      const { name } = await addPool(parts, input);
      parts.poolViews.changed();
      return (await parts.poolViews.all()).find((pool) => pool.name === name)!;
    },
    remove: async ({ pool }) => {
      removePool(parts, pool);
      parts.poolViews.changed();
      return {};
    },
  };
}

export function volumeCalls(parts: SiteParts): SiteApi['volumes'] {
  return {
    create: async (input) => createVolume(parts, input),
    clone: async (input) => cloneVolume(parts, input),
    resize: async (input) => resizeVolume(parts, input),
    remove: async (input) => {
      await removeVolume(parts, input);
      return {};
    },
  };
}
