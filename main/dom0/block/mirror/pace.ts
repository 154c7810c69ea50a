/** How long a copy rests after a piece: for its rate, and for the guests whose thread it works in. */

/** Of what it spends, it rests this many times as much while guests use their disks. */
const REST_FOR_GUESTS = 3;

export interface Piece {
  bytes: number;
  /** What the thread spent on it. */
  spentMs: number;
  /** Requests of guests came meanwhile. */
  isBusy: boolean;
}

/** Milliseconds. @param bytesPerSecond the most that the copy may take */
export function restAfter({ bytes, spentMs, isBusy }: Piece, bytesPerSecond: number): number {
  const forRate = (bytes / bytesPerSecond) * 1000 - spentMs;
  return Math.max(0, forRate, isBusy ? REST_FOR_GUESTS * spentMs : 0);
}
