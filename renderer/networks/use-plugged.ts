import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { keys, type RosterEntry } from '../site/keys.ts';
import type { PluggedGuest } from './map-layout.ts';

/**
 * All domains with their interfaces, by name. Domains change often and their interfaces seldom:
 * it is another list only when one of those is another.
 */
export function usePlugged(): readonly PluggedGuest[] {
  const cache = useQueryClient();
  const [plugged, setPlugged] = useState(() => readPlugged(cache));
  useEffect(() => {
    let frame = 0;
    const read = (): void => {
      frame = 0;
      const next = readPlugged(cache);
      setPlugged((old) => (JSON.stringify(old) === JSON.stringify(next) ? old : next));
    };
    // Many domains change in one batch: they are read once.
    const undo = cache.getQueryCache().subscribe(({ type, query }) => {
      const [root, part] = query.queryKey as readonly unknown[];
      const isOurs = root === keys.all[0] && (part === 'domain' || part === keys.roster[1]);
      if (!isOurs || !['added', 'updated', 'removed'].includes(type)) return;
      if (frame === 0) frame = requestAnimationFrame(read);
    });
    read();
    return () => {
      undo();
      cancelAnimationFrame(frame);
    };
  }, [cache]);
  return plugged;
}

function readPlugged(cache: QueryClient): readonly PluggedGuest[] {
  const roster = cache.getQueryData<readonly RosterEntry[]>(keys.roster) ?? [];
  return roster
    .filter((entry) => !entry.isDomain0)
    .map(({ uuid, name, host, state }) => ({
      uuid,
      name,
      host,
      state,
      plugs: (cache.getQueryData<Domain>(keys.domain(uuid))?.interfaces ?? []).map(
        ({ handle, network, address, linkUp }) => ({ handle, network, address, linkUp }),
      ),
    }));
}
