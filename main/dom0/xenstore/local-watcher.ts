import { privilegedCaller } from './caller.ts';
import type { Watcher } from './watch-registry.ts';

/** Hears of one change: the path that changed. */
export type WatchListener = (path: string) => void;

/**
 * A watcher in the daemon's own thread. Its listener runs soon after the change, never within it,
 * so that it may use the store freely; several changes of one path before it runs are one.
 */
export class LocalWatcher implements Watcher {
  readonly caller = privilegedCaller();
  readonly #listener: WatchListener;
  readonly #waiting = new Set<string>();
  #disposed = false;

  constructor(listener: WatchListener) {
    this.#listener = listener;
  }

  event(path: string): void {
    if (this.#disposed || this.#waiting.has(path)) return;
    this.#waiting.add(path);
    queueMicrotask(() => {
      this.#waiting.delete(path);
      if (!this.#disposed) this.#listener(path);
    });
  }

  dispose(): void {
    this.#disposed = true;
    this.#waiting.clear();
  }
}
