/** Streams of the API and what ends them. */

/**
 * The same stream, ended as soon as `signal` aborts: a reader that waits for the next item is told
 * at once, and the source's `return` is called without waiting for the item it may be stuck at.
 */
export function endOnAbort<T>(
  source: AsyncIterator<T>,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<T> {
  let ended = false;
  let wake: () => void = () => undefined;
  const end = (): void => {
    if (ended) return;
    ended = true;
    signal?.removeEventListener('abort', end);
    wake();
    void Promise.resolve(source.return?.()).catch(() => undefined); // nobody is left to tell
  };
  if (signal?.aborted) end();
  else signal?.addEventListener('abort', end, { once: true });
  return {
    next() {
      if (ended) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => {
        wake = () => resolve({ done: true, value: undefined });
        source.next().then((item) => {
          if (item.done) end();
          resolve(item);
        }, reject);
      });
    },
    return() {
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The same stream, with every error that it throws put through `map`. */
export function mapStreamErrors<T>(
  stream: AsyncIterator<T>,
  map: (error: unknown) => unknown,
): AsyncIterableIterator<T> {
  return {
    next: () =>
      stream.next().catch((error: unknown) => {
        throw map(error);
      }),
    return: async () => {
      await stream.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

export function isStream(value: unknown): value is AsyncIterator<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
