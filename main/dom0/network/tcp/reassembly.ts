/** Segments that came before their turn. The caller admits only what lies in the window. */
import { advance, distance } from './sequence.ts';

interface Piece {
  sequence: number;
  bytes: Uint8Array;
}

/** Tiny pieces cost more than their bytes: a hostile peer gets so many and no more. */
const PIECES_MAX = 512;

export class Reassembly {
  /** In the order of their sequence numbers; they may overlap. */
  private readonly pieces: Piece[] = [];
  private held = 0;

  /** Keeps a copy; what does not fit in the bounds has to be sent again. */
  put(sequence: number, bytes: Uint8Array, limitBytes: number): void {
    if (bytes.length === 0 || this.held + bytes.length > limitBytes) return;
    const at = this.pieces.findLastIndex((piece) => distance(piece.sequence, sequence) <= 0);
    const before = this.pieces[at];
    const isKnown =
      before !== undefined &&
      distance(advance(before.sequence, before.bytes.length), sequence) >= bytes.length;
    if (isKnown || this.pieces.length >= PIECES_MAX) return;
    this.pieces.splice(at + 1, 0, { sequence, bytes: Uint8Array.from(bytes) });
    this.held += bytes.length;
  }

  /** The bytes from `sequence` on, if they are here; all before them is forgotten. */
  take(sequence: number): Uint8Array | null {
    for (let piece = this.pieces[0]; piece !== undefined; piece = this.pieces[0]) {
      const skip = distance(sequence, piece.sequence);
      if (skip < 0) return null;
      this.pieces.shift();
      this.held -= piece.bytes.length;
      if (skip < piece.bytes.length) return piece.bytes.subarray(skip);
    }
    return null;
  }

  clear(): void {
    this.pieces.length = 0;
    this.held = 0;
  }
}
