/** A line of a terminal as what is to be drawn of it. */
import type { IBufferCell, IBufferLine, Terminal } from '@xterm/headless';
import { coreOf } from './internals.ts';
import type { Attributes } from './internals.ts';
import type { Links } from './links.ts';
import { isSame, PLAIN, styleOf } from './style.ts';
import type { Style } from './style.ts';

/**
 * | kind       | cells |
 * |---|---|
 * | `text`     | characters of one style, each with its marks |
 * | `mark`     | one, with a mark that has no letter |
 * | `erased`   | without a character, of one background that is not the terminal's own |
 * | `bare`     | one without a character, of which more than a background is seen |
 * | `half`     | one, the second of a wide character whose first is gone |
 * | `overhang` | two: the first of a wide character, and another in the place of its second |
 *
 * The last three are left where a wide character was written over in part, or had no room.
 */
export type Run = SimpleRun | Overhang;

export interface SimpleRun {
  readonly kind: 'text' | 'mark' | 'erased' | 'bare' | 'half';
  readonly column: number;
  /** In columns. */
  width: number;
  text: string;
  readonly style: Style;
}

export interface Overhang extends Omit<SimpleRun, 'kind'> {
  readonly kind: 'overhang';
  readonly second: SecondColumn;
}

export interface SecondColumn {
  /** May be empty. */
  readonly text: string;
  readonly style: Style;
  /**
   * What a mark, which was for a wide character that had no room, made two columns wide: a narrow
   * character, or none. Null: a wide one.
   */
  readonly stretched: string | null;
}

/** All marks come after it. */
const LAST_WITHOUT_MARKS = 0x2ff;

type Cell = IBufferCell & Attributes;

export class LineReader {
  private readonly columns: number;
  private readonly links: Links;
  private readonly widthOf: (codePoint: number) => number;
  /** Read into again and again: a drawing looks at some hundred thousand cells. */
  private readonly cell: Cell;
  private readonly nextCell: Cell;
  private seen: Pick<Attributes, 'fg' | 'bg' | 'extended'> | null = null;
  private seenStyle = PLAIN;

  constructor(terminal: Terminal, links: Links) {
    const core = coreOf(terminal);
    this.columns = terminal.cols;
    this.links = links;
    this.widthOf = (codePoint) => core.unicodeService.wcwidth(codePoint);
    this.cell = terminal.buffer.normal.getNullCell() as Cell;
    this.nextCell = terminal.buffer.normal.getNullCell() as Cell;
  }

  /** Cells without a character that have the terminal's own background are left out. */
  runs(line: IBufferLine): Run[] {
    const runs: Run[] = [];
    let last = null as SimpleRun | null;
    for (let column = 0; column < this.columns;) {
      const cell = line.getCell(column, this.cell) as Cell | undefined;
      if (!cell) break;
      const text = cell.getChars();
      const style = this.styleOf(cell);
      const kind = this.kindOf(text, style, line, column);
      const width = kind === 'text' || kind === 'overhang' ? cell.getWidth() : 1;
      if (kind === 'overhang') {
        runs.push({ kind, column, width, text, style, second: this.secondColumn(text) });
        last = null;
      } else if (kind === 'erased' && style.background === '') {
        last = null;
      } else if (last?.kind === kind && goesOn(last, style)) {
        last.width += width;
        last.text += text;
      } else {
        last = { kind, column, width, text, style };
        runs.push(last);
      }
      column += width;
    }
    return runs;
  }

  /** How one cell looks, whether or not it has a character. */
  styleAt(line: IBufferLine, column: number): Style {
    const cell = line.getCell(column, this.cell) as Cell | undefined;
    return cell ? this.styleOf(cell) : PLAIN;
  }

  private kindOf(text: string, style: Style, line: IBufferLine, column: number): Run['kind'] {
    const width = this.cell.getWidth();
    const blank = style.marksBlanks ? 'bare' : 'erased';
    // Where no half can be brought to, one is drawn as what it looks like.
    if (text === '') return width === 0 && column > 0 && this.columns > 2 ? 'half' : blank;
    if (width < 2) return width === 0 || this.isMark(text) ? 'mark' : 'text';
    const next = column + 1 < this.columns ? line.getCell(column + 1, this.nextCell) : undefined;
    // Resizing can cut a wide character. Half of one cannot be written.
    if (!next) return blank;
    return next.getWidth() === 0 && next.getChars() === '' ? 'text' : 'overhang';
  }

  private secondColumn(first: string): SecondColumn {
    return {
      text: this.nextCell.getChars(),
      style: styleOf(this.nextCell, this.links),
      stretched: this.stretched(firstCharacter(first)),
    };
  }

  private stretched(character: string): string | null {
    const width = this.widthOf(character.codePointAt(0) ?? 0);
    return width === 2 ? null : width === 1 ? character : '';
  }

  private isMark(text: string): boolean {
    const code = text.codePointAt(0) ?? 0;
    return code > LAST_WITHOUT_MARKS && this.widthOf(code) === 0;
  }

  private styleOf(cell: Cell): Style {
    if (cell.isAttributeDefault()) return PLAIN;
    const { seen } = this;
    const isKnown =
      seen?.fg === cell.fg &&
      seen.bg === cell.bg &&
      (!cell.hasExtendedAttrs() || seen.extended === cell.extended);
    if (!isKnown) {
      this.seen = { fg: cell.fg, bg: cell.bg, extended: cell.extended };
      const style = styleOf(cell, this.links);
      if (!isSame(style, this.seenStyle)) this.seenStyle = style;
    }
    return this.seenStyle;
  }
}

function goesOn(run: SimpleRun, style: Style): boolean {
  if (run.kind === 'erased') return run.style.background === style.background;
  return run.kind === 'text' && run.style === style;
}

/** Without its marks. */
export function firstCharacter(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 0);
}
