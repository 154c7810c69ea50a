/** Hooks over what the feed wrote: each redraws its component only when its own part changed. */
import { skipToken, useQuery } from '@tanstack/react-query';
import { useCallback, useSyncExternalStore } from 'react';
import type {
  Domain,
  DomainSample,
  Host,
  HostSample,
  Image,
  Move,
  Networking,
  Pool,
  SiteEvent,
  Task,
} from '../../shared/contract/index.ts';
import { keys, type RosterEntry } from './keys.ts';
import { useSite } from './site.ts';

/** Undefined until the first snapshot. */
function useFed<T, Selected = T>(
  queryKey: readonly unknown[],
  select?: (data: T) => Selected,
): Selected | undefined {
  return useQuery<T, Error, Selected>({
    queryKey,
    queryFn: skipToken,
    gcTime: Infinity,
    notifyOnChangeProps: ['data'],
    ...(select === undefined ? {} : { select }),
  }).data;
}

export function useHosts(): readonly Host[] | undefined {
  return useFed<readonly Host[]>(keys.hosts);
}

export function useHost(name: string): Host | undefined {
  const select = useCallback(
    (hosts: readonly Host[]) => hosts.find((host) => host.name === name),
    [name],
  );
  return useFed<readonly Host[], Host | undefined>(keys.hosts, select);
}

export function useRoster(): readonly RosterEntry[] | undefined {
  return useFed<readonly RosterEntry[]>(keys.roster);
}

export function useDomain(uuid: string): Domain | undefined {
  return useFed<Domain>(keys.domain(uuid));
}

export function useTasks(): readonly Task[] | undefined {
  return useFed<readonly Task[]>(keys.tasks);
}

/** The work that is under way on a domain, if any. */
export function useRunningTask(uuid: string): Task | undefined {
  const select = useCallback(
    (tasks: readonly Task[]) =>
      tasks.find((task) => task.state === 'running' && task.domain === uuid),
    [uuid],
  );
  return useFed<readonly Task[], Task | undefined>(keys.tasks, select);
}

export function useImages(): readonly Image[] | undefined {
  return useFed<readonly Image[]>(keys.images);
}

export function usePools(): readonly Pool[] | undefined {
  return useFed<readonly Pool[]>(keys.pools);
}

export function useNetworking(): Networking | undefined {
  return useFed<Networking>(keys.networking);
}

/** A task by its id, as it stands now. */
export function useTask(id: string | null): Task | undefined {
  const select = useCallback(
    (tasks: readonly Task[]) => tasks.find((task) => task.id === id),
    [id],
  );
  return useFed<readonly Task[], Task | undefined>(keys.tasks, select);
}

/** What the window has seen of moves since it is open, newest first. */
export function useMovesSeen(): readonly Move[] | undefined {
  return useFed<readonly Move[]>(keys.moves);
}

/** Newest first. */
export function useEvents(): readonly SiteEvent[] | undefined {
  return useFed<readonly SiteEvent[]>(keys.events);
}

/** The newest second of a domain; null while it has none. */
export function useDomainSample(uuid: string): DomainSample | null {
  const { statistics } = useSite();
  return useSyncExternalStore(
    useCallback((listener) => statistics.subscribeDomain(uuid, listener), [statistics, uuid]),
    () => statistics.domain(uuid).latest,
  );
}

/** What a domain has in its newest second; tells only when it is another figure, as few seconds do. */
export function useSampledMemoryKiB(uuid: string): number | null {
  const { statistics } = useSite();
  return useSyncExternalStore(
    useCallback((listener) => statistics.subscribeDomain(uuid, listener), [statistics, uuid]),
    () => statistics.domain(uuid).latest?.memory.actualKiB ?? null,
  );
}

export function useHostSample(name: string): HostSample | null {
  const { statistics } = useSite();
  return useSyncExternalStore(
    useCallback((listener) => statistics.subscribeHost(name, listener), [statistics, name]),
    () => statistics.host(name).latest,
  );
}
