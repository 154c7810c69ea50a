/**
 * Whose turn it is on a range of a disk: two holders at once never have a byte in common, so that what
 * each does to two disks happens on both in the same order. Those that wait for the same bytes come in
 * the order in which they asked.
 */
export type Release = () => void;

interface Turn {
  from: number;
  end: number;
  isHeld: boolean;
  begin(release: Release): void;
}

export class RangeTurns {
  /** Held and waiting, in the order of their asking. */
  private readonly turns: Turn[] = [];

  /** Calls `begin`, at once or later, when nobody else has a byte of the range. */
  take(offset: number, length: number, begin: (release: Release) => void): void {
    const turn: Turn = { from: offset, end: offset + length, isHeld: false, begin };
    const isFree = !this.turns.some((other) => overlap(turn, other));
    this.turns.push(turn);
    if (isFree) this.start(turn);
  }

  /** Ranges that are held or waited for. */
  get size(): number {
    return this.turns.length;
  }

  private start(turn: Turn): void {
    turn.isHeld = true;
    turn.begin(() => {
      if (!turn.isHeld) return;
      turn.isHeld = false;
      this.turns.splice(this.turns.indexOf(turn), 1);
      this.startThose(turn);
    });
  }

  /** Of those that waited for `gone`: each that nobody before it holds up. */
  private startThose(gone: Turn): void {
    for (const turn of [...this.turns]) {
      if (turn.isHeld || !overlap(turn, gone)) continue;
      const at = this.turns.indexOf(turn);
      if (at === -1 || this.turns.slice(0, at).some((other) => overlap(turn, other))) continue;
      this.start(turn);
    }
  }
}

function overlap(a: Turn, b: Turn): boolean {
  return a.from < b.end && b.from < a.end;
}
