/** Writes a batch of `site.watch` changes into the query cache. */
import { notifyManager, type QueryClient } from '@tanstack/react-query';
import type {
  Domain,
  Host,
  Image,
  Move,
  Networking,
  Pool,
  SiteChange,
  Task,
} from '../../shared/contract/index.ts';
import { keys, rosterEntry, type RosterEntry } from './keys.ts';

const KEPT_TASKS = 300;
/** Older ones are in the history of their domain. */
const KEPT_MOVES = 60;

export function applyChanges(cache: QueryClient, changes: readonly SiteChange[]): void {
  notifyManager.batch(() => {
    const roster = new RosterDraft(cache.getQueryData<readonly RosterEntry[]>(keys.roster));
    for (const change of changes) applyOne(cache, roster, change);
    if (roster.changed) cache.setQueryData<readonly RosterEntry[]>(keys.roster, roster.sorted());
  });
}

function applyOne(cache: QueryClient, roster: RosterDraft, change: SiteChange): void {
  switch (change.type) {
    case 'snapshot':
      return applySnapshot(cache, roster, change);
    case 'host':
      return update<Host>(cache, keys.hosts, (hosts) => upsert(hosts, change.host, 'name'));
    case 'host-removed':
      return update<Host>(cache, keys.hosts, (hosts) =>
        hosts.filter((host) => host.name !== change.name),
      );
    case 'domain':
      return putDomain(cache, roster, change.domain);
    case 'domain-removed':
      roster.remove(change.uuid);
      return cache.removeQueries({ queryKey: keys.domain(change.uuid), exact: true });
    case 'task':
      return update<Task>(cache, keys.tasks, (tasks) => upsertTask(tasks, change.task));
    case 'move':
      return update<Move>(cache, keys.moves, (moves) => upsertMove(moves, change.move));
    case 'images':
      cache.setQueryData<readonly Image[]>(keys.images, change.images);
      return;
    case 'pools':
      cache.setQueryData<readonly Pool[]>(keys.pools, change.pools);
      return;
    case 'networking':
      cache.setQueryData<Networking>(keys.networking, change.networking);
      return;
  }
}

function applySnapshot(
  cache: QueryClient,
  roster: RosterDraft,
  snapshot: Extract<SiteChange, { type: 'snapshot' }>,
): void {
  const present = new Set(snapshot.domains.map((domain) => domain.uuid));
  for (const uuid of roster.missingFrom(present)) {
    roster.remove(uuid);
    cache.removeQueries({ queryKey: keys.domain(uuid), exact: true });
  }
  cache.setQueryData<readonly Host[]>(keys.hosts, snapshot.hosts);
  cache.setQueryData<readonly Image[]>(keys.images, snapshot.images);
  cache.setQueryData<readonly Pool[]>(keys.pools, snapshot.pools);
  cache.setQueryData<Networking>(keys.networking, snapshot.networking);
  // One that was under way before the connection was lost and is no more has ended unseen.
  update<Move>(cache, keys.moves, (moves) =>
    snapshot.moves.reduce(
      upsertMove,
      moves.filter(({ state }) => state !== 'running'),
    ),
  );
  cache.setQueryData<readonly Task[]>(
    keys.tasks,
    [...snapshot.tasks].sort((a, b) => b.startedAtMs - a.startedAtMs),
  );
  for (const domain of snapshot.domains) putDomain(cache, roster, domain);
  roster.changed = true;
}

function putDomain(cache: QueryClient, roster: RosterDraft, domain: Domain): void {
  roster.put(rosterEntry(domain));
  cache.setQueryData<Domain>(keys.domain(domain.uuid), domain);
}

function update<T>(
  cache: QueryClient,
  key: readonly unknown[],
  change: (old: readonly T[]) => readonly T[],
): void {
  cache.setQueryData<readonly T[]>(key, (old) => change(old ?? []));
}

function upsert<T>(list: readonly T[], item: T, key: keyof T): readonly T[] {
  const index = list.findIndex((one) => one[key] === item[key]);
  return index === -1 ? [...list, item] : list.with(index, item);
}

/** Newest first; only ended tasks are forgotten. */
function upsertTask(tasks: readonly Task[], task: Task): readonly Task[] {
  const index = tasks.findIndex((one) => one.id === task.id);
  if (index !== -1) return tasks.with(index, task);
  const all = [task, ...tasks];
  return all.filter((one, place) => place < KEPT_TASKS || one.state === 'running');
}

/** Newest first. */
function upsertMove(moves: readonly Move[], move: Move): readonly Move[] {
  const index = moves.findIndex(({ id }) => id === move.id);
  if (index !== -1) return moves.with(index, move);
  return [move, ...moves].filter(({ state }, place) => place < KEPT_MOVES || state === 'running');
}

/** The roster while a batch is applied: sorted and stored once, and only if anything changed. */
class RosterDraft {
  changed = false;
  private readonly entries: Map<string, RosterEntry>;

  constructor(old: readonly RosterEntry[] | undefined) {
    this.entries = new Map(old?.map((entry) => [entry.uuid, entry]));
  }

  put(entry: RosterEntry): void {
    const old = this.entries.get(entry.uuid);
    if (old !== undefined && sameEntry(old, entry)) return;
    this.entries.set(entry.uuid, entry);
    this.changed = true;
  }

  remove(uuid: string): void {
    if (this.entries.delete(uuid)) this.changed = true;
  }

  missingFrom(present: ReadonlySet<string>): string[] {
    return [...this.entries.keys()].filter((uuid) => !present.has(uuid));
  }

  /** By name, numbers in names by their value: web2 before web10. */
  sorted(): readonly RosterEntry[] {
    return [...this.entries.values()].sort((a, b) => byName.compare(a.name, b.name));
  }
}

const byName = new Intl.Collator('en', { numeric: true });

function sameEntry(a: RosterEntry, b: RosterEntry): boolean {
  return (
    a.name === b.name &&
    a.host === b.host &&
    a.state === b.state &&
    a.wasRunning === b.wasRunning &&
    a.isDomain0 === b.isDomain0 &&
    a.address === b.address
  );
}
