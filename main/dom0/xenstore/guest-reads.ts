/**
 * Reads of guests that somebody waits for. A guest's bus works its watches off one after the other, so
 * the read that a change makes it do says that it is through with all that came before.
 */
export class GuestReads {
  readonly #awaited = new Map<string, () => void>();

  /** Settles with the next read of that node by that domain; one waits for it at a time. */
  next(domid: number, path: string): Promise<void> {
    return new Promise((resolve) => this.#awaited.set(keyOf(domid, path), resolve));
  }

  /** For each read. */
  saw(domid: number, path: string): void {
    if (this.#awaited.size === 0) return;
    const key = keyOf(domid, path);
    this.#awaited.get(key)?.();
    this.#awaited.delete(key);
  }

  /** The domain reads nothing any more. */
  forget(domid: number): void {
    for (const key of this.#awaited.keys()) {
      if (key.startsWith(`${domid} `)) this.#awaited.delete(key);
    }
  }
}

function keyOf(domid: number, path: string): string {
  return `${domid} ${path}`;
}
