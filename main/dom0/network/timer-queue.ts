/** Who wants to be called when, without a clock or a thread of its own. */

export interface Timed {
  /** On the queue's clock; null: not at all. */
  readonly nextMs: number | null;
  onTimer(): void;
}

interface Entry {
  atMs: number;
  timed: Timed;
}

/**
 * A heap of times. An entry may be earlier than what its owner wants by now: it is looked at when
 * its time comes, and put back. So an owner that moves its time on with every frame costs nothing.
 */
export class TimerQueue {
  private readonly heap: Entry[] = [];
  private readonly scheduled = new Map<Timed, number>();
  private readonly now: () => number;
  private readonly changed: () => void;

  /** @param changed {@link nextMs} has become earlier */
  constructor(now: () => number, changed: () => void = () => undefined) {
    this.now = now;
    this.changed = changed;
  }

  /** When {@link run} should be called: null when nobody waits. */
  get nextMs(): number | null {
    return this.heap[0]?.atMs ?? null;
  }

  /** To be called when the owner's time may have changed. */
  update(timed: Timed): void {
    const { nextMs } = timed;
    if (nextMs === null) return;
    const scheduled = this.scheduled.get(timed);
    if (scheduled !== undefined && scheduled <= nextMs) return;
    this.push(nextMs, timed);
  }

  remove(timed: Timed): void {
    this.scheduled.delete(timed);
  }

  /** Calls everybody whose time has come. */
  run(): void {
    const now = this.now();
    for (let first = this.heap[0]; first !== undefined && first.atMs <= now; first = this.heap[0]) {
      this.pop();
      const { timed, atMs } = first;
      if (this.scheduled.get(timed) !== atMs) continue;
      this.scheduled.delete(timed);
      if (timed.nextMs !== null && timed.nextMs <= now) timed.onTimer();
      // A timer that is due again at once comes with the next run.
      if (timed.nextMs !== null) this.push(Math.max(timed.nextMs, now + 1), timed);
    }
  }

  private push(atMs: number, timed: Timed): void {
    this.scheduled.set(timed, atMs);
    const { heap } = this;
    let at = heap.length;
    heap.push({ atMs, timed });
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.timeAt(parent) <= atMs) break;
      this.swap(at, parent);
      at = parent;
    }
    if (at === 0) this.changed();
  }

  private pop(): void {
    const { heap } = this;
    this.swap(0, heap.length - 1);
    heap.pop();
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (this.timeAt(child) < this.timeAt(least)) least = child;
      }
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private timeAt(index: number): number {
    return this.heap[index]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  private swap(a: number, b: number): void {
    const [first, second] = [this.heap[a], this.heap[b]];
    if (first && second) [this.heap[a], this.heap[b]] = [second, first];
  }
}
