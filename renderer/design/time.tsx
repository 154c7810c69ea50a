import { useSyncExternalStore } from 'react';
import { ago, duration, exactTime, shortDuration } from './format.ts';

/** One clock for every relative time on the page. */
const TICK_MS = 10_000;
let nowMs = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    nowMs = Date.now();
    timer = setInterval(() => {
      nowMs = Date.now();
      for (const each of listeners) each();
    }, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time, at most ten seconds old. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

/** “12 min ago”; the exact time as a tip. */
export function Ago({ timeMs }: { readonly timeMs: number }) {
  const now = useNow();
  return <Exact timeMs={timeMs}>{ago(timeMs, Math.max(now, timeMs))}</Exact>;
}

/** How long since; the exact start as a tip. */
export function Since({ timeMs, short = false }: { timeMs: number; short?: boolean }) {
  const sinceMs = useNow() - timeMs;
  return <Exact timeMs={timeMs}>{short ? shortDuration(sinceMs) : duration(sinceMs)}</Exact>;
}

/** Writes the tip when it is wanted: formatting a date is the dearest part of a list's row. */
function Exact({ timeMs, children }: { readonly timeMs: number; readonly children: string }) {
  return (
    <time
      dateTime={new Date(timeMs).toISOString()}
      onPointerEnter={(event) => {
        event.currentTarget.title = exactTime(timeMs);
      }}
      onPointerLeave={(event) => event.currentTarget.removeAttribute('title')}
    >
      {children}
    </time>
  );
}
