/**
 * Where a terminal writes next, and how: the last part of a drawing.
 *
 * Two states are only reached by writing a character: a cursor that waits behind the last column
 * (what comes next goes to the next line), and a character that a mark may still join. So the
 * character before the cursor is written again, at the end.
 */
import type { IBufferLine } from '@xterm/headless';
import { drawCharsets, written } from './charsets.ts';
import type { Drawing, ScreenSource } from './drawing.ts';
import type { Attributes } from './internals.ts';
import { firstCharacter } from './line-reader.ts';
import type { Overhang, Run } from './line-reader.ts';
import { drawLateModes } from './modes.ts';
import { NO_WRAP, printOverhang, WRAP } from './odd-cells.ts';
import { RESTORE } from './saved-cursor.ts';
import { isSame, penStyle, styleOf } from './style.ts';
import type { Style } from './style.ts';

const ERASE_TO_CURSOR = '\x1b[1K';
/** A mark that is seen nowhere. */
const ZERO_WIDTH_SPACE = '\u200b';

interface Character {
  readonly column: number;
  /** In columns. */
  readonly width: number;
  readonly text: string;
  readonly style: Style;
}

/** `line`: the one that was drawn last, where the cursor is. */
export function drawCursor(drawing: Drawing, screen: ScreenSource, line: number): void {
  new CursorDrawing(drawing, screen, line).draw();
}

class CursorDrawing {
  private readonly drawing: Drawing;
  private readonly screen: ScreenSource;
  private readonly drawnLine: number;
  private readonly pen: Style;

  constructor(drawing: Drawing, screen: ScreenSource, drawnLine: number) {
    this.drawing = drawing;
    this.screen = screen;
    this.drawnLine = drawnLine;
    this.pen = penStyle(drawing.core._inputHandler._curAttrData, drawing.links);
  }

  draw(): void {
    const { brush, terminal } = this.drawing;
    // To be written at the end, where they may be: letters come out otherwise after them.
    const charsets = this.charsets();
    const joined = this.joinable();
    if (joined) {
      brush.write(charsets);
      brush.set(this.pen);
      brush.write(drawLateModes(terminal));
      return this.rewrite(joined);
    }
    const { x } = this.screen.state;
    if (x < brush.columns) this.place(x);
    else this.waitBehindLast(x - brush.columns);
    brush.endCharacter();
    brush.set(this.pen);
    brush.write(charsets + drawLateModes(terminal));
  }

  /**
   * The set in use came back with the saved cursor, and is in its slot no more: so it is done here,
   * if this screen saved it. That of the other screen goes into the slot: no sequence does better.
   */
  private charsets(): string {
    const { brush, core, links } = this.drawing;
    const { charset, glevel, _charsets } = core._charsetService;
    const { savedCharset, savedCurAttrData } = this.screen.state;
    const cameBack = charset !== _charsets[glevel] && charset === savedCharset;
    if (!cameBack) return drawCharsets(core, charset);
    brush.write(drawCharsets(core, _charsets[glevel]));
    brush.set(styleOf(savedCurAttrData, links));
    brush.moveAnywhere(RESTORE);
    return '';
  }

  private rewrite(joined: Character): void {
    const { brush, terminal } = this.drawing;
    const under = this.overhangUnder(joined);
    this.place(under?.column ?? joined.column);
    if (under) return printOverhang(brush, { ...under, second: { ...under.second, ...joined } });
    // What is written in comes to where the same was taken out.
    if (terminal.modes.insertMode) brush.write(`\x1b[${joined.width}P`);
    brush.print(joined.text, joined.width, this.pen);
  }

  /** The character before the cursor, if a mark that comes next would join it. */
  private joinable(): Character | null {
    const { core, brush } = this.drawing;
    const { x } = this.screen.state;
    const width = (core._inputHandler._parser.precedingJoinState >> 1) & 3;
    if (width === 0 || x > brush.columns) return null;
    const character = this.characterAt(x - width);
    const text = character && written(character.text, core._charsetService.charset);
    if (!text || character.width !== width || character.style !== this.pen) return null;
    return { ...character, text };
  }

  /** The wide character in whose second column this one is. */
  private overhangUnder({ column }: Character): Overhang | null {
    const under = this.runs().find((run) => run.column === column - 1);
    return under?.kind === 'overhang' ? under : null;
  }

  /** `further`: marks that came there, without a letter to join. */
  private waitBehindLast(further: number): void {
    const { brush } = this.drawing;
    if (!this.rewriteLast()) this.waitWithoutCharacter();
    if (further === 0 || !brush.waitsBehindLast()) return;
    brush.endCharacter();
    brush.write(ZERO_WIDTH_SPACE.repeat(Math.min(further, brush.columns)));
  }

  private rewriteLast(): boolean {
    const { brush } = this.drawing;
    const last = this.runs().at(-1);
    if (!last || last.column + last.width < brush.columns) return false;
    if (last.kind === 'overhang') {
      if (last.second.text === '') return false;
      this.place(last.column);
      brush.write(NO_WRAP);
      printOverhang(brush, last);
      brush.write(WRAP);
      return true;
    }
    if (last.kind !== 'text' && last.kind !== 'mark') return false;
    // The second column of a wide character has none.
    const { columns } = brush;
    const character = this.characterAt(columns - 1) ?? this.characterAt(columns - 2);
    if (!character) return false;
    this.place(character.column);
    const text = last.kind === 'mark' ? firstCharacter(character.text) : character.text;
    brush.print(text, columns - character.column, character.style);
    return true;
  }

  /** What was in the last column is gone. */
  private waitWithoutCharacter(): void {
    const { brush } = this.drawing;
    this.place(brush.columns - 1);
    if (this.screen.buffer.type === 'normal') return brush.waitBehindLast();
    const [first] = this.runs();
    const isErased = first?.kind === 'erased' && first.width === brush.columns;
    if (first && !isErased) return;
    brush.setBackground(first?.style.background ?? '');
    brush.write(' ');
    brush.move(ERASE_TO_CURSOR, brush.columns);
  }

  /** The cursor to its row, into this column. */
  private place(column: number): void {
    const { brush, terminal } = this.drawing;
    const { y, scrollTop, scrollBottom } = this.screen.state;
    const line = this.screen.buffer.baseY + y;
    if (!brush.wentAnywhere) return brush.moveBy(line - this.drawnLine, column);
    if (!terminal.modes.originMode) return brush.moveTo(y, column);
    if (y >= scrollTop && y <= scrollBottom) return brush.moveTo(y - scrollTop, column);
    brush.moveOnOther(y, column);
  }

  private line(): IBufferLine | undefined {
    const { buffer, state } = this.screen;
    return buffer.getLine(buffer.baseY + state.y);
  }

  private runs(): Run[] {
    const line = this.line();
    return line ? this.drawing.reader.runs(line) : [];
  }

  private characterAt(column: number): Character | null {
    const cell = this.line()?.getCell(column);
    if (!cell || cell.getChars() === '') return null;
    const { core, links } = this.drawing;
    const style = styleOf(cell as typeof cell & Attributes, links);
    const isPens = isSame(style, styleOf(core._inputHandler._curAttrData, links));
    return {
      column,
      width: cell.getWidth(),
      text: cell.getChars(),
      style: isPens ? this.pen : style,
    };
  }
}
