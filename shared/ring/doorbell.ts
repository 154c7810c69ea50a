/**
 * The one word a domain's thread sleeps on. Whoever has something for that thread puts it where it
 * belongs (a ring, a message port) and then rings; the thread drains everything after each wait.
 *
 * Ring and wait cannot miss each other: the thread reads the word *before* it drains, and waits
 * only if the word is still the same.
 */
export class Doorbell {
  readonly buffer: SharedArrayBuffer;
  private readonly word: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(4)) {
    this.buffer = buffer;
    this.word = new Int32Array(buffer);
  }

  ring(): void {
    Atomics.add(this.word, 0, 1);
    Atomics.notify(this.word, 0);
  }

  /** The count of rings: read it before draining, hand it to {@link wait} after. */
  get count(): number {
    return Atomics.load(this.word, 0);
  }

  /** Sleeps until rung after `seen` was read, at most `timeoutMs` (fractions count). */
  wait(seen: number, timeoutMs: number): void {
    Atomics.wait(this.word, 0, seen, timeoutMs);
  }
}
