/**
 * Requests that would change a disk, while nothing of them may be seen by others yet. Each mark closes
 * a batch; the last one that was closed goes when it is released. Several marks may pass before one is
 * released: then all up to the last go.
 */
export class HeldChanges<Request> {
  private waiting: Request[] = [];
  private marked = 0;
  private isHolding: boolean;

  constructor(isHolding: boolean) {
    this.isHolding = isHolding;
  }

  hold(): void {
    this.isHolding = true;
  }

  /** False: nothing is held, and it is the caller's. */
  take(request: Request): boolean {
    if (this.isHolding) this.waiting.push(request);
    return this.isHolding;
  }

  mark(): void {
    this.marked = this.waiting.length;
  }

  /** Those up to the last mark, in the order in which they came. */
  release(): Request[] {
    const released = this.waiting.splice(0, this.marked);
    this.marked = 0;
    return released;
  }

  /** All; nothing is held from now on. */
  letGo(): Request[] {
    this.isHolding = false;
    this.marked = 0;
    return this.waiting.splice(0);
  }
}
