import { XsHeader } from './wire.ts';

/** The receiving end of a connection's output. */
export interface ByteSink {
  /**
   * Takes bytes of the stream; they are the sink's from now on (a buffer of their own, so that it
   * may be transferred to another thread).
   *
   * @returns whether it takes more now; after `false` nothing comes until `drained()` is called
   */
  send(bytes: Uint8Array): boolean;
}

interface QueuedMessage {
  readonly bytes: Buffer;
  /** Set for watch events: an equal one is not queued again. */
  readonly isEvent: boolean;
}

/** Messages are handed over in pieces of at most about this size, so that a sink can push back. */
const BATCH_BYTES = 16 * 1024;

/**
 * Messages on their way out. Bounded by its owner, who looks at {@link queuedBytes} and
 * {@link queuedReplies} before it makes more.
 */
export class Outbox {
  readonly #sink: ByteSink;
  #queue: QueuedMessage[] = [];
  /** Bytes to go before everything else: taken back from a transport when a domain was saved. */
  #head: Uint8Array | undefined;
  readonly #queuedEvents = new Set<string>();
  #accepting = true;
  #queuedBytes = 0;
  #queuedReplies = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get queuedReplies(): number {
    return this.#queuedReplies;
  }

  pushReply(bytes: Buffer): void {
    this.#queuedReplies++;
    this.#push({ bytes, isEvent: false });
  }

  /** Queues an event unless an equal one is still waiting, which says as much. */
  pushEvent(bytes: Buffer): boolean {
    const key = eventKey(bytes);
    if (this.#queuedEvents.has(key)) return false;
    this.#queuedEvents.add(key);
    this.#push({ bytes, isEvent: true });
    return true;
  }

  /** Bytes that go out before anything queued, once. */
  pushHead(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#head = bytes;
    this.#queuedBytes += bytes.length;
  }

  /** The sink takes bytes again. */
  drained(): void {
    this.#accepting = true;
  }

  /** Hands over what the sink takes. */
  flush(): void {
    while (this.#accepting && this.#queuedBytes > 0) {
      this.#accepting = this.#sink.send(this.#takeBatch());
    }
  }

  /** What {@link pushHead} was given and the sink has not taken yet. */
  get head(): Uint8Array | undefined {
    return this.#head;
  }

  /** Whole messages not handed over yet, oldest first. */
  queued(): Buffer[] {
    return this.#queue.map(({ bytes }) => bytes);
  }

  clear(): void {
    this.#queue = [];
    this.#head = undefined;
    this.#queuedEvents.clear();
    this.#queuedBytes = 0;
    this.#queuedReplies = 0;
  }

  #push(message: QueuedMessage): void {
    this.#queue.push(message);
    this.#queuedBytes += message.bytes.length;
  }

  #takeBatch(): Uint8Array {
    let size = this.#head?.length ?? 0;
    let count = 0;
    for (const { bytes } of this.#queue) {
      if (size > 0 && size + bytes.length > BATCH_BYTES) break;
      size += bytes.length;
      count++;
    }
    const batch = new Uint8Array(size);
    let at = 0;
    if (this.#head) {
      batch.set(this.#head);
      at = this.#head.length;
      this.#head = undefined;
    }
    for (const { bytes, isEvent } of this.#queue.splice(0, count)) {
      batch.set(bytes, at);
      at += bytes.length;
      if (isEvent) this.#queuedEvents.delete(eventKey(bytes));
      else this.#queuedReplies--;
    }
    this.#queuedBytes -= size;
    return batch;
  }
}

function eventKey(bytes: Buffer): string {
  return bytes.toString('latin1', XsHeader.size);
}
