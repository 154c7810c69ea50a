import { printable } from './printable.ts';

type Terminal = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

const CLEAR_LINE = '\r\x1b[K';

/** One line that is written over, where there is a terminal; elsewhere nothing. */
export class ProgressLine {
  private readonly stream: Terminal;
  private shown = '';

  constructor(stream: Terminal) {
    this.stream = stream;
  }

  show(text: string): void {
    if (!this.stream.isTTY) return;
    // A line that wraps could not be written over.
    const line = printable(text).slice(0, (this.stream.columns ?? 80) - 1);
    if (line === this.shown) return;
    this.shown = line;
    this.stream.write(CLEAR_LINE + line);
  }

  clear(): void {
    if (this.shown === '') return;
    this.shown = '';
    this.stream.write(CLEAR_LINE);
  }
}
