/**
 * Watches the output of a guest that prints a known file again and again, and tells what of it did
 * not arrive. The file's lines are consecutive numbers of equal width, each followed by the same
 * text; the terminal turns LF into CR LF.
 */
export interface Sequence {
  first: number;
  last: number;
  /** After the number; without line ends. */
  text: string;
}

/** As they leave the terminal: number, text, CR, LF. */
export function sequenceBytes({ first, last, text }: Sequence): number {
  return (last - first + 1) * (String(first).length + text.length + 2);
}

/** Shell that writes the file. */
export function writeSequence({ first, last, text }: Sequence, path: string): string {
  const lines = text === '' ? '' : ` | sed 's/$/${text}/'`;
  return `seq ${first} ${last}${lines} >${path}`;
}

export class SequenceCheck {
  /** Bytes received, lost or not. */
  receivedBytes = 0;
  /** Bytes that should have come and did not, or came as something else. */
  lostBytes = 0;
  private readonly sequence: Sequence;
  private readonly lineBytes: number;
  private readonly digits: number;
  private next: number;
  private rest = '';

  constructor(sequence: Sequence) {
    const { first, last } = sequence;
    this.sequence = sequence;
    this.digits = String(first).length;
    this.lineBytes = sequenceBytes({ ...sequence, last: first });
    if (String(last).length !== this.digits) throw new RangeError('numbers of unequal width');
    this.next = first;
  }

  push(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length;
    const lines = (this.rest + Buffer.from(bytes).toString('latin1')).split('\r\n');
    this.rest = lines.pop()!;
    for (const line of lines) this.line(line);
  }

  /** After the last byte: `cycles` is how often the guest printed the file. */
  finish(cycles: number): void {
    const missing = cycles * sequenceBytes(this.sequence) - this.receivedBytes;
    this.lostBytes = Math.max(this.lostBytes, missing);
  }

  private line(line: string): void {
    const { first, last, text } = this.sequence;
    const number = Number(line.slice(0, this.digits));
    const known = number >= first && number <= last && line.slice(this.digits) === text;
    if (!known) {
      // Two torn lines look like one strange one: what is missing shows at the next good line.
      this.lostBytes += line.length;
      return;
    }
    const count = last - first + 1;
    const skipped = (number - this.next + count) % count;
    this.lostBytes += skipped * this.lineBytes;
    this.next = number === last ? first : number + 1;
  }
}
