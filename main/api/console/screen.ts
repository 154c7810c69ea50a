/** The terminal of one console: its screen, its scroll-back, and how to draw them elsewhere. */
import headless from '@xterm/headless';
import type { Terminal } from '@xterm/headless';
import unicode from '@xterm/addon-unicode11';
import { boundTerminal } from '../../../shared/bounded-terminal.ts';
import { drawTerminal } from './drawing/draw-terminal.ts';

const SCROLLBACK_LINES = 5000;
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };
const LARGEST: Size = { columns: 1000, rows: 500 };

export interface Size {
  columns: number;
  rows: number;
}

/** A screen as text: a line a row, without the blanks at its end. */
export interface Picture extends Size {
  lines: string[];
}

export class Screen {
  private readonly terminal: Terminal;
  private unparsed = 0;
  private waiting: { limit: number; resolve(): void }[] = [];
  private lastDrawing: { version: number; text: string } | null = null;
  private version = 0;

  /** `answer` gets what the terminal replies to the guest's questions. */
  constructor(answer: (text: string) => void) {
    this.terminal = new headless.Terminal({
      cols: DEFAULT_SIZE.columns,
      rows: DEFAULT_SIZE.rows,
      scrollback: SCROLLBACK_LINES,
      allowProposedApi: true, // the add-on's part of the interface
      logLevel: 'off',
    });
    boundTerminal(this.terminal);
    this.terminal.loadAddon(new unicode.Unicode11Addon() as never);
    this.terminal.unicode.activeVersion = '11';
    this.terminal.onData(answer);
  }

  get size(): Size {
    return { columns: this.terminal.cols, rows: this.terminal.rows };
  }

  /** Bytes written and not yet parsed. */
  get backlogBytes(): number {
    return this.unparsed;
  }

  write(bytes: Uint8Array): void {
    this.version++;
    this.unparsed += bytes.length;
    this.terminal.write(bytes, () => {
      this.unparsed -= bytes.length;
      const ready = this.waiting.filter((waiter) => this.unparsed <= waiter.limit);
      this.waiting = this.waiting.filter((waiter) => !ready.includes(waiter));
      for (const waiter of ready) waiter.resolve();
    });
  }

  /** Settles when at most `limit` bytes wait to be parsed. */
  whenParsed(limit: number): Promise<void> {
    if (this.unparsed <= limit) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ limit, resolve }));
  }

  /** Sizes that no terminal has are brought to the nearest that one could have. */
  resize(size: Size): void {
    const columns = clamp(size.columns, 2, LARGEST.columns);
    const rows = clamp(size.rows, 1, LARGEST.rows);
    this.version++;
    try {
      this.terminal.resize(columns, rows);
    } catch {
      // Of some lines xterm.js cannot make longer ones (BufferReflow): a guest loses a screen that it
      // has drawn like that, and not all consoles their thread.
      this.terminal.reset();
    }
  }

  /**
   * What a new life of the guest finds: the screen as it is, the cursor on a fresh line, nothing
   * left of modes that a program of the last life had set. Returns what viewers must write. To be
   * called when everything is parsed.
   */
  beginLife(): Uint8Array {
    const { active } = this.terminal.buffer;
    const leaveAlternate = active.type === 'alternate' ? '\x1b[?1049l' : '';
    const newLine = active.cursorX > 0 ? '\r\n' : '';
    const bytes = new TextEncoder().encode(`${leaveAlternate}\x1b[!p${newLine}`);
    this.write(bytes);
    return bytes;
  }

  /**
   * The screen as it is after everything written so far, as text that redraws it on an empty
   * terminal of the same size.
   */
  draw(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.terminal.write('', () => {
        try {
          resolve(this.drawNow());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** What it shows now, of what is parsed. */
  picture(): Picture {
    const { active } = this.terminal.buffer;
    const lines = Array.from({ length: this.terminal.rows }, (_, row) => {
      return active.getLine(active.baseY + row)?.translateToString(true) ?? '';
    });
    return { ...this.size, lines };
  }

  dispose(): void {
    this.terminal.dispose();
  }

  private drawNow(): string {
    if (this.lastDrawing?.version === this.version) return this.lastDrawing.text;
    const text = drawTerminal(this.terminal);
    // Kept only while nothing new comes: several viewers that join an idle console share it.
    this.lastDrawing = this.unparsed === 0 ? { version: this.version, text } : null;
    return text;
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.trunc(value)));
}
