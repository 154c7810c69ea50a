/** One writer, many readers; each reader has a queue of its own. */
export class Broadcast<T> {
  readonly #readers = new Set<Reader<T>>();

  publish(value: T): void {
    for (const reader of this.#readers) reader.push(value);
  }

  /** What is published from now on, after `first`, until the signal aborts. */
  async *subscribe(signal: AbortSignal | undefined, first: readonly T[] = []): AsyncGenerator<T> {
    const reader = new Reader<T>(first);
    this.#readers.add(reader);
    const end = (): void => reader.end();
    signal?.addEventListener('abort', end);
    try {
      for (;;) {
        const next = await reader.next();
        if (next === null) return;
        yield next.value;
      }
    } finally {
      signal?.removeEventListener('abort', end);
      this.#readers.delete(reader);
    }
  }
}

class Reader<T> {
  readonly #queue: T[];
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(first: readonly T[]) {
    this.#queue = [...first];
  }

  push(value: T): void {
    this.#queue.push(value);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<{ value: T } | null> {
    while (this.#queue.length === 0) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return { value: this.#queue.shift() as T };
  }
}
