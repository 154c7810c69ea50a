import { useSyncExternalStore } from 'react';

/** A value that tells when it changes: what React reads with {@link useValue}, others with `get`. */
export interface ReadableValue<T> {
  get(): T;
  /** @returns its own undo. */
  subscribe(listener: () => void): () => void;
}

export class Value<T> implements ReadableValue<T> {
  private value: T;
  private readonly listeners = new Set<() => void>();

  constructor(initial: T) {
    this.value = initial;
  }

  readonly get = (): T => this.value;

  set(next: T): void {
    if (Object.is(next, this.value)) return;
    this.value = next;
    for (const listener of this.listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
}

export function useValue<T>(value: ReadableValue<T>): T {
  return useSyncExternalStore(value.subscribe, value.get);
}
