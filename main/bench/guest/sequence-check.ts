/**
 * Watches the output of a guest that prints a known file again and again, and tells what of it did
 * not arrive: the lines are consecutive numbers of equal width, from `first` to `last`.
 */
export interface SequenceOptions {
  first: number;
  last: number;
}

/** Digits, CR, LF. */
const lineBytes = (digits: number): number => digits + 2;

export class SequenceCheck {
  /** Bytes received, lost or not. */
  receivedBytes = 0;
  /** Bytes that should have come and did not, or came as something else. */
  lostBytes = 0;
  private readonly first: number;
  private readonly last: number;
  private readonly digits: number;
  private next: number;
  private rest = '';

  constructor({ first, last }: SequenceOptions) {
    this.first = first;
    this.last = last;
    this.digits = String(first).length;
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
    const expected = cycles * (this.last - this.first + 1) * lineBytes(this.digits);
    const missing = expected - this.receivedBytes;
    this.lostBytes = Math.max(this.lostBytes, missing);
  }

  private line(line: string): void {
    const number = Number(line);
    const known = line.length === this.digits && number >= this.first && number <= this.last;
    if (!known) {
      // Two torn lines look like one strange one: what is missing shows at the next good line.
      this.lostBytes += line.length;
      return;
    }
    const count = this.last - this.first + 1;
    const skipped = (number - this.next + count) % count;
    this.lostBytes += skipped * lineBytes(this.digits);
    this.next = number === this.last ? this.first : number + 1;
  }
}
