/** A stream with any number of readers, each with a mailbox of its own. */
import { Mailbox } from './mailbox.ts';
import type { MailboxOptions } from './mailbox.ts';

export class Topic<T> {
  private readonly mailboxes = new Set<Mailbox<T>>();
  private readonly options: MailboxOptions<T>;
  private readonly onReaders: (count: number) => void;

  /** `onReaders` hears how many readers there are, whenever that changes. */
  constructor(options: MailboxOptions<T>, onReaders: (count: number) => void = () => {}) {
    this.options = options;
    this.onReaders = onReaders;
  }

  publish(item: T): void {
    for (const mailbox of this.mailboxes) mailbox.put(item);
  }

  /** Ends every reader. */
  close(): void {
    for (const mailbox of [...this.mailboxes]) this.drop(mailbox);
  }

  /**
   * First `before`, then everything published from now on (also while `before` is being read),
   * until `signal` aborts, `until` holds of an item (which is given still), or the reader returns.
   */
  read(
    signal: AbortSignal | undefined,
    before: Iterable<T> = [],
    until: (item: T) => boolean = () => false,
  ): AsyncGenerator<T, void, void> {
    const mailbox = new Mailbox(this.options);
    this.mailboxes.add(mailbox);
    this.onReaders(this.mailboxes.size);
    const stop = (): void => this.drop(mailbox);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    return this.drain(mailbox, before, until, () => {
      signal?.removeEventListener('abort', stop);
      stop();
    });
  }

  private async *drain(
    mailbox: Mailbox<T>,
    before: Iterable<T>,
    until: (item: T) => boolean,
    finish: () => void,
  ): AsyncGenerator<T, void, void> {
    try {
      for (const item of before) {
        yield item;
        if (until(item)) return;
      }
      for (;;) {
        const item = await mailbox.next();
        if (item === null) return;
        yield item;
        if (until(item)) return;
      }
    } finally {
      finish();
    }
  }

  private drop(mailbox: Mailbox<T>): void {
    if (!this.mailboxes.delete(mailbox)) return;
    mailbox.close();
    this.onReaders(this.mailboxes.size);
  }
}
