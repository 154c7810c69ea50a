/**
 * Cuts a guest's output where a terminal is between two sequences and between two characters, and
 * takes the questions to the terminal out of what viewers get.
 *
 * Why cut: a viewer that joins gets the screen as it is after one piece, and goes on with the next;
 * a piece that began in the middle of a sequence would print its rest as text.
 *
 * Why take out: a guest that asks ("where is the cursor?") must get one answer. The console's own
 * terminal gives it; were every viewer's terminal asked too, each would type an answer into the
 * guest's input. In its place is a sequence that does nothing: as the question does, it keeps a mark
 * that comes next from the character before.
 */
import { C1_LEAD, ENQ, ESC, readSequence } from './sequence.ts';

/** A longer sequence (an image, a title without end) is let through in parts. */
const MAX_HELD_BYTES = 4096;

export interface Cut {
  /** For the console's own terminal. */
  whole: Uint8Array;
  /** The same with nothing asked. */
  forViewers: Uint8Array;
}

const NOTHING = new Uint8Array(0);
/** Ends a string (ST); here none is open. */
const STRING_TERMINATOR = Uint8Array.of(ESC, 0x5c);

export class OutputCutter {
  private held: Uint8Array = NOTHING;

  /** Bytes that wait for the rest of their sequence. */
  get heldBytes(): number {
    return this.held.length;
  }

  push(chunk: Uint8Array): Cut {
    const bytes = this.held.length === 0 ? chunk : join(this.held, chunk);
    const queries: [start: number, end: number][] = [];
    let at = 0;
    let complete = bytes.length;
    while (at < bytes.length) {
      const byte = bytes[at] as number;
      if (byte !== ESC && byte !== C1_LEAD && byte !== ENQ) {
        at++;
        continue;
      }
      const sequence = byte === ENQ ? { end: at + 1, isQuery: true } : readSequence(bytes, at);
      if (sequence === null) {
        if (bytes.length - at <= MAX_HELD_BYTES) complete = at;
        break;
      }
      if (sequence.isQuery) queries.push([at, sequence.end]);
      at = sequence.end;
    }
    if (complete === bytes.length) complete -= unfinishedCharacter(bytes);
    this.held = complete === bytes.length ? NOTHING : bytes.slice(complete);
    const whole = bytes.subarray(0, complete);
    return { whole, forViewers: queries.length === 0 ? whole : without(whole, queries) };
  }

  /** What waits, although it is not complete: no more will come. */
  flush(): Uint8Array {
    const rest = this.held;
    this.held = NOTHING;
    return rest;
  }
}

/** Bytes at the end that begin a UTF-8 character and lack its rest: 0 to 3. */
function unfinishedCharacter(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 && byte < 0xf8 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return byte < 0xf8 && length > back ? back : 0;
  }
  return 0;
}

function without(bytes: Uint8Array, parts: readonly [number, number][]): Uint8Array {
  const kept: Uint8Array[] = [];
  let from = 0;
  for (const [start, end] of parts) {
    kept.push(bytes.subarray(from, start), STRING_TERMINATOR);
    from = end;
  }
  return Buffer.concat([...kept, bytes.subarray(from)]);
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
