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
  return (
    <time dateTime={new Date(timeMs).toISOString()} title={exactTime(timeMs)}>
      {ago(timeMs, Math.max(now, timeMs))}
    </time>
  );
}

/** How long since; the exact start as a tip. */
export function Since({ timeMs, short = false }: { timeMs: number; short?: boolean }) {
  const sinceMs = useNow() - timeMs;
  return (
    <time dateTime={new Date(timeMs).toISOString()} title={`since ${exactTime(timeMs)}`}>
      {short ? shortDuration(sinceMs) : duration(sinceMs)}
    </time>
  );
}
