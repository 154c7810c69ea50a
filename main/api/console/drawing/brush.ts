/**
 * Writes a drawing: knows where the cursor of the terminal is that reads it, and how it would write
 * next, so that only what changes is said.
 */
import { CLOSE_LINK } from './links.ts';
import { erasedIn, PLAIN } from './style.ts';
import type { Style } from './style.ts';

const UNKNOWN = -1;
/**
 * Characters that go into opening links. A guest opens one and writes over every second cell of it:
 * each of the rest opens it anew in a drawing.
 */
const MAX_LINKS_LENGTH = 1024 * 1024;
/** Both screens have the same cursor; the other one is empty whenever it is entered. */
export const ENTER_OTHER = '\x1b[?47h';
export const LEAVE_OTHER = '\x1b[?47l';

export class Brush {
  text = '';
  readonly columns: number;
  /** The row of the cursor is not where the last line was drawn. */
  wentAnywhere = false;
  /** Of the cursor; `columns` while it waits behind the last one. */
  private column = 0;
  private style = PLAIN;
  private link = '';
  private linksLeft = MAX_LINKS_LENGTH;
  /** The terminal would put a mark (a character without a width) on the last character. */
  private joins = false;

  constructor(columns: number) {
    this.columns = columns;
  }

  /** A sequence that leaves cursor and style alone. */
  write(sequence: string): void {
    if (sequence === '') return;
    this.text += sequence;
    this.joins = false;
  }

  /** A sequence after which the cursor is in this column. */
  move(sequence: string, column = UNKNOWN): void {
    this.write(sequence);
    this.column = column;
  }

  /** To a row of the screen, above or below where the cursor is now. */
  moveBy(lines: number, column: number): void {
    if (lines > 0) this.write(`\x1b[${lines}B`);
    if (lines < 0) this.write(`\x1b[${-lines}A`);
    this.jumpTo(column);
  }

  /** To a row of the screen; in origin mode, of the scroll region. */
  moveTo(row: number, column: number): void {
    this.moveAnywhere(`\x1b[${row + 1};${column + 1}H`);
    this.column = column;
  }

  /** The same where origin mode does not let it: the screens share the cursor. */
  moveOnOther(row: number, column: number): void {
    this.moveAnywhere(`${ENTER_OTHER}\x1b[${row + 1};${column + 1}H${LEAVE_OTHER}`);
    this.column = column;
  }

  /** A sequence that moves the cursor to another row, or saves or restores it. */
  moveAnywhere(sequence: string): void {
    this.move(sequence);
    this.wentAnywhere = true;
  }

  waitsBehindLast(): boolean {
    return this.column === this.columns;
  }

  goTo(column: number): void {
    if (column === this.column) return;
    const right = column - this.column;
    if (column === 0) this.move('\r', 0);
    else if (this.column === UNKNOWN || this.waitsBehindLast() || right < 0) this.jumpTo(column);
    else this.move(right === 1 ? '\x1b[C' : `\x1b[${right}C`, column);
  }

  /** Also where the cursor is already: what comes next stands alone. */
  jumpTo(column: number): void {
    this.move(column === 0 ? '\x1b[G' : `\x1b[${column + 1}G`, column);
  }

  /** The next character is the first of the next line. */
  wrap(): void {
    this.column = 0;
  }

  /**
   * Lets the cursor wait behind the last column of its row without writing there: the screens share
   * it, and leaving the other one clears that.
   */
  waitBehindLast(): void {
    this.move(`${ENTER_OTHER}\x1b[${this.columns}G ${LEAVE_OTHER}`, this.columns);
  }

  /** Characters without a width of their own join the one before them. */
  print(text: string, width: number, style: Style): void {
    this.set(style);
    this.text += text;
    this.column += width;
    this.joins = true;
  }

  /** From the cursor, which stays. */
  erase(width: number, background: string): void {
    this.setBackground(background);
    this.write(width === 1 ? '\x1b[X' : `\x1b[${width}X`);
  }

  /** What is erased next, and lines that come from below, are in this colour. */
  setBackground(background: string): void {
    if (this.style.background !== background) this.set(erasedIn(background));
  }

  set(style: Style): void {
    const before = this.style;
    if (style === before) return;
    this.style = style;
    const isReset = style.sgr !== before.sgr;
    if (isReset) this.write(`\x1b[${change(before.sgr, style.sgr)}m`);
    // In xterm.js a reset of the colours ends the protection, in other terminals it does not.
    if (style.isProtected && (isReset || !before.isProtected)) this.write('\x1b[1"q');
    if (!style.isProtected && before.isProtected) this.write('\x1b[0"q');
    this.setLink(style.link);
  }

  /** A mark that comes next stands alone. */
  endCharacter(): void {
    // That lines wrap is so already.
    if (this.joins) this.write('\x1b[?7h');
  }

  private setLink(link: string): void {
    const opened = link.length > this.linksLeft ? '' : link;
    if (opened === this.link) return;
    this.link = opened;
    this.linksLeft -= opened.length;
    this.write(opened === '' ? CLOSE_LINK : opened);
  }
}

function change(before: string, after: string): string {
  if (before === '' || after === '') return after;
  return `0;${after}`;
}
