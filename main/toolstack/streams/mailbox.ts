/**
 * One reader's share of a stream. The sender never waits: a slow reader of records loses the oldest
 * beyond the bound, a slow reader of states gets the newest state of each thing.
 */
export interface MailboxOptions<T> {
  /** Items with the same key replace each other while they wait. Without it every item is kept. */
  keyOf?: ((item: T) => string) | undefined;
  /** Most items that wait. */
  limit: number;
  /** What stands for items that were dropped; none without it. */
  onGap?: ((dropped: number) => T) | undefined;
}

export class Mailbox<T> {
  private readonly options: MailboxOptions<T>;
  private readonly waiting = new Map<string | number, T>();
  private sequence = 0;
  private dropped = 0;
  private closed = false;
  private wake: (() => void) | null = null;

  constructor(options: MailboxOptions<T>) {
    this.options = options;
  }

  put(item: T): void {
    if (this.closed) return;
    // A key that waits keeps its place, so that a busy thing cannot starve the others.
    this.waiting.set(this.options.keyOf?.(item) ?? this.sequence++, item);
    if (this.waiting.size > this.options.limit) {
      for (const oldest of this.waiting.keys()) {
        this.waiting.delete(oldest);
        break;
      }
      this.dropped++;
    }
    this.wake?.();
  }

  /** What waits is still read; then the reader ends. */
  close(): void {
    this.closed = true;
    this.wake?.();
  }

  /** The next item; null after {@link close}. One call at a time. */
  async next(): Promise<T | null> {
    for (;;) {
      if (this.dropped > 0 && this.options.onGap) {
        const gap = this.options.onGap(this.dropped);
        this.dropped = 0;
        return gap;
      }
      for (const [key, item] of this.waiting) {
        this.waiting.delete(key);
        return item;
      }
      if (this.closed) return null;
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = null;
    }
  }
}
