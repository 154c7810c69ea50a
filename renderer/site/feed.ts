/**
 * The streams behind the window: subscribed while connected, again after every reconnection, and
 * written to the query cache and the statistics. Changes are applied once a frame, however many
 * arrive in it.
 */
import type { QueryClient } from '@tanstack/react-query';
import type { SiteChange, SiteEvent, Task } from '../../shared/contract/index.ts';
import type { ApiClient, Transport } from '../transport/transport.ts';
import { applyChanges } from './apply-changes.ts';
import { keys } from './keys.ts';
import type { Statistics } from './statistics.ts';

const KEPT_EVENTS = 1000;
/** After a stream failed while the connection stands. */
const RETRY_MS = 1000;

export interface FeedTargets {
  readonly cache: QueryClient;
  readonly statistics: Statistics;
  /** Hears of tasks that ended while the window looked on, not of those in a snapshot. */
  taskEnded(task: Task): void;
}

export function startFeed(transport: Transport, targets: FeedTargets): void {
  let streams = new AbortController();
  const restart = (): void => {
    streams.abort();
    if (transport.connection.get().state !== 'connected') return;
    streams = new AbortController();
    follow(transport.api, targets, streams.signal);
    // What was fetched (not fed) may have changed while nobody was listening.
    void targets.cache.invalidateQueries({
      predicate: (query) => query.queryKey[0] !== keys.all[0],
    });
  };
  transport.connection.subscribe(restart);
  restart();
}

function follow(api: ApiClient, targets: FeedTargets, signal: AbortSignal): void {
  const batch = new FrameBatch<SiteChange>((changes) => {
    noticeEndedTasks(targets, changes);
    applyChanges(targets.cache, changes);
  });
  signal.addEventListener('abort', () => batch.drop());
  const run = <T>(open: () => Promise<AsyncIterable<T>>, each: (item: T) => void): void =>
    void keepReading(open, each, signal);
  run(
    () => api.site.watch(undefined, { signal }),
    (change) => batch.add(change),
  );
  run(
    () => api.site.statistics(undefined, { signal }),
    (sample) => targets.statistics.add(sample),
  );
  followEvents(api, targets.cache, run);
}

function followEvents(
  api: ApiClient,
  cache: QueryClient,
  run: <T>(open: () => Promise<AsyncIterable<T>>, each: (item: T) => void) => void,
): void {
  let events: SiteEvent[] = [];
  const batch = new FrameBatch<SiteEvent>((more) => {
    events = [...more.toReversed(), ...events].slice(0, KEPT_EVENTS);
    cache.setQueryData<readonly SiteEvent[]>(keys.events, events);
  });
  run(
    () => {
      events = [];
      return api.site.events({ follow: true, limit: KEPT_EVENTS });
    },
    (event) => batch.add(event),
  );
}

function noticeEndedTasks(targets: FeedTargets, changes: readonly SiteChange[]): void {
  const known = targets.cache.getQueryData<readonly Task[]>(keys.tasks) ?? [];
  const ended = new Map<string, Task>();
  for (const change of changes) {
    if (change.type === 'task' && change.task.state !== 'running') {
      ended.set(change.task.id, change.task);
    }
  }
  for (const task of ended.values()) {
    const before = known.find((one) => one.id === task.id);
    if (before === undefined || before.state === 'running') targets.taskEnded(task);
  }
}

/** Reads a stream to its end, and opens it again while the signal stands. */
async function keepReading<T>(
  open: () => Promise<AsyncIterable<T>>,
  each: (item: T) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const item of await open()) {
        if (signal.aborted) return;
        each(item);
      }
    } catch {
      // The connection's own state tells a person; here it only means to try again.
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Collects items and hands them over together before the next frame is drawn. */
class FrameBatch<T> {
  private items: T[] = [];
  private readonly handOver: (items: readonly T[]) => void;

  constructor(handOver: (items: readonly T[]) => void) {
    this.handOver = handOver;
  }

  add(item: T): void {
    this.items.push(item);
    if (this.items.length > 1) return;
    // A hidden page draws no frames and still has to keep up.
    if (document.hidden) setTimeout(() => this.flush());
    else requestAnimationFrame(() => this.flush());
  }

  drop(): void {
    this.items = [];
  }

  private flush(): void {
    const items = this.items;
    this.items = [];
    if (items.length > 0) this.handOver(items);
  }
}
