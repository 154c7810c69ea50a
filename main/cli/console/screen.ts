/** Where a console shows: a person's terminal, or a pipe that takes what the guest prints from now on. */
import type { WriteStream } from 'node:tty';

/** A soft reset, the normal screen, and an empty one. */
const CLEAR = '\x1b[!p\x1b[?1047l\x1b[H\x1b[2J';
/**
 * What a guest's program may have left switched on: another screen, the mouse, bracketed paste,
 * application keys, a hidden cursor, colours, scrolling margins (by the soft reset).
 */
const TIDY =
  '\x1b[?1047l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[!p';
/** Of a pipe, for the guest's idea of its terminal. */
const DEFAULT_SIZE = { columns: 80, rows: 24 };

export interface Size {
  columns: number;
  rows: number;
}

export class Screen {
  /** `performance.now()` of the last output. */
  lastOutputMs = performance.now();
  private readonly stream: WriteStream;
  private readonly banner: string;
  private drawn = false;

  /** `banner` is a line above the first drawing. */
  constructor(stream: WriteStream, banner: string) {
    this.stream = stream;
    this.banner = banner;
  }

  get size(): Size {
    const { columns, rows } = this.stream;
    return columns && rows ? { columns, rows } : DEFAULT_SIZE;
  }

  /** @returns the end of the watch */
  onResize(listener: (size: Size) => void): () => void {
    const changed = (): void => listener(this.size);
    this.stream.on('resize', changed);
    return () => void this.stream.off('resize', changed);
  }

  output(bytes: Uint8Array): void | Promise<void> {
    this.lastOutputMs = performance.now();
    return this.write(bytes);
  }

  /** The whole screen anew. A pipe has no use for what was shown before. */
  reset(drawing: string): void | Promise<void> {
    this.lastOutputMs = performance.now();
    if (!this.stream.isTTY) return undefined;
    const banner = this.drawn ? '' : `${this.banner}\r\n`;
    this.drawn = true;
    return this.write(CLEAR + banner + drawing);
  }

  tidy(): void {
    if (this.stream.isTTY && this.drawn) this.stream.write(`${TIDY}\r\n`);
  }

  private write(chunk: Uint8Array | string): void | Promise<void> {
    if (this.stream.write(chunk)) return undefined;
    return new Promise((resolve) => this.stream.once('drain', resolve));
  }
}
