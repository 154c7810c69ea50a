/**
 * Draws the lines of a screen with its scroll-back on an empty screen, from its first row, each
 * wrapped into the next one where it was.
 */
import type { IBuffer, IBufferLine } from '@xterm/headless';
import type { Brush } from './brush.ts';
import { firstCharacter } from './line-reader.ts';
import type { LineReader } from './line-reader.ts';
import { drawOddCells, isOdd, isPlain, WIDE } from './odd-cells.ts';
import type { OddRun, PlainRun } from './odd-cells.ts';
import { isSame, PLAIN } from './style.ts';

/**
 * How a line ends:
 *
 * | seam         | the next line |
 * |---|---|
 * | `end`        | there is none |
 * | `break`      | is a new one |
 * | `wrap`       | is wrapped into by its first character |
 * | `early`      | the same, by a wide one that had no room in the last column |
 * | `push`       | is wrapped into by a blank that is erased again |
 * | `bare`       | the same, by a wide blank, which leaves its style in the last column |
 * | `bare-break` | the same, and a new one |
 * | `prepared`   | is wrapped into by a blank before this line is drawn: its last column is empty |
 * | `around`     | the same on a screen of one row, where no way leads back to this line |
 */
type Seam =
  'end' | 'break' | 'wrap' | 'early' | 'push' | 'bare' | 'bare-break' | 'prepared' | 'around';

interface Line {
  readonly source: IBufferLine;
  readonly runs: readonly PlainRun[];
  readonly odd: readonly OddRun[];
  /** In the last column, where there is a line after it: that makes it. Not among `odd`. */
  readonly bareEnd: OddRun | null;
}

/** At the start of the line that a blank was written to. */
const ERASE_FIRST = '\r\x1b[X';
/** Of all ways to erase, this one from the first column makes a line a new one. */
const ERASE_LINE = '\x1b[K';
const UP = '\x1b[A';
const DOWN = '\x1b[B';
const DELETE_LINE = '\x1b[M';

/** Returns the index of the last line that was drawn, where the cursor is. All after it are empty. */
export function drawLines(brush: Brush, reader: LineReader, buffer: IBuffer, rows: number): number {
  return new LinesDrawing(brush, reader, buffer, rows).draw();
}

class LinesDrawing {
  private readonly brush: Brush;
  private readonly reader: LineReader;
  private readonly buffer: IBuffer;
  private readonly rows: number;
  private readonly length: number;

  constructor(brush: Brush, reader: LineReader, buffer: IBuffer, rows: number) {
    this.brush = brush;
    this.reader = reader;
    this.buffer = buffer;
    this.rows = rows;
    this.length = Math.min(buffer.length, buffer.baseY + rows);
  }

  draw(): number {
    const last = this.lastLine();
    let line = this.read(0);
    let isEntered = true;
    if (line.source.isWrapped && this.rows > 1) this.beginWrapped();
    for (let index = 0; ; index++) {
      const next = index < last ? this.read(index + 1) : null;
      const seam = this.seamOf(line, next);
      this.drawLine(line, seam, isEntered);
      if (!next) return index;
      this.drawSeam(line, seam);
      isEntered = seam !== 'wrap' && seam !== 'early';
      line = next;
    }
  }

  /** What is below the last word or colour of a screen without scroll-back is not drawn. */
  private lastLine(): number {
    let last = this.length - 1;
    if (this.buffer.baseY > 0) return last;
    while (last > 0 && isEmpty(this.read(last))) last--;
    return this.read(last).bareEnd ? last + 1 : last;
  }

  private read(index: number): Line {
    const source = this.buffer.getLine(index);
    if (!source) throw new Error(`a terminal without line ${index}`);
    const all = this.reader.runs(source);
    const odd = all.filter(isOdd);
    const end = odd.at(-1);
    const endsBare = end?.kind === 'bare' && end.column === this.brush.columns - 1;
    const bareEnd = endsBare && index + 1 < this.length ? end : null;
    if (bareEnd) odd.pop();
    return { source, runs: all.filter(isPlain), odd, bareEnd };
  }

  private seamOf(line: Line, next: Line | null): Seam {
    if (!next) return 'end';
    if (!next.source.isWrapped) return line.bareEnd ? 'bare-break' : 'break';
    const first = wrappedInto(next);
    if (first && this.isEarly(line, next, first)) return 'early';
    if (line.bareEnd) return 'bare';
    if (this.endsInLastColumn(line)) return first ? 'wrap' : 'push';
    return this.rows > 1 ? 'prepared' : 'around';
  }

  /** The last column is as a wide character leaves it that goes to the next line. */
  private isEarly(line: Line, next: Line, first: PlainRun): boolean {
    const last = this.brush.columns - 1;
    const left = line.source.getCell(last);
    return (
      left?.getChars() === '' &&
      left.getWidth() === 1 &&
      next.source.getCell(0)?.getWidth() === 2 &&
      isSame(this.reader.styleAt(line.source, last), first.style)
    );
  }

  private endsInLastColumn(line: Line): boolean {
    const last = line.runs.at(-1);
    if (last?.kind !== 'text' && last?.kind !== 'mark') return false;
    return last.column + last.width === this.brush.columns;
  }

  /** The first line goes on from one that is gone. */
  private beginWrapped(): void {
    this.writeBlanksAround();
    this.brush.move(DELETE_LINE, 0);
  }

  /** To be called in the empty last column, or before: the next line is wrapped into. */
  private prepareNext(): void {
    this.writeBlanksAround();
    this.brush.jumpTo(this.brush.columns - 1);
    this.brush.erase(1, '');
  }

  /** One into the last column and one into the next line, which is erased again. */
  private writeBlanksAround(): void {
    const { brush } = this;
    brush.setBackground('');
    brush.jumpTo(brush.columns - 1);
    brush.move(`  ${ERASE_FIRST}${UP}`, 0);
  }

  private drawLine(line: Line, seam: Seam, isEntered: boolean): void {
    const { brush } = this;
    const [first, ...rest] = line.runs;
    // Only writing leads into a line that is wrapped into.
    if (!isEntered && first) brush.print(first.text, first.width, first.style);
    if (seam === 'prepared') this.prepareNext();
    drawOddCells(brush, line.odd);
    for (const run of isEntered ? line.runs : rest) drawRun(brush, run);
  }

  private drawSeam(line: Line, seam: Seam): void {
    const { brush } = this;
    switch (seam) {
      case 'end':
        return;
      case 'break':
        // A line that comes from below takes the colour of the pen.
        brush.setBackground('');
        return brush.move('\r\n', 0);
      case 'wrap':
        return brush.wrap();
      case 'early':
        brush.goTo(brush.columns - 1);
        return brush.wrap();
      case 'bare':
      case 'bare-break':
        brush.goTo(brush.columns - 1);
        brush.print(WIDE, 2, line.bareEnd?.style ?? PLAIN);
        brush.move('\r', 0);
        // The pen may have filled a line that came from below.
        if (seam === 'bare') return brush.erase(brush.columns, '');
        brush.setBackground('');
        return brush.write(ERASE_LINE);
      case 'prepared':
        return brush.move(`${DOWN}\r`, 0);
      case 'around':
        brush.setBackground('');
        brush.waitBehindLast();
        return brush.move(` ${ERASE_FIRST}`, 0);
      case 'push':
        brush.setBackground('');
        return brush.move(` ${ERASE_FIRST}`, 0);
    }
  }
}

function isEmpty({ source, runs, odd, bareEnd }: Line): boolean {
  return runs.length === 0 && odd.length === 0 && bareEnd === null && !source.isWrapped;
}

/** The run whose first character wraps into this line, if one can. */
function wrappedInto({ runs, odd }: Line): PlainRun | null {
  const first = runs[0];
  const isWritten = first?.kind === 'text' && first.column === 0 && odd.length === 0;
  // A coloured pen would fill the line as well.
  return isWritten && first.style.background === '' ? first : null;
}

function drawRun(brush: Brush, run: PlainRun): void {
  switch (run.kind) {
    case 'text':
      brush.goTo(run.column);
      return brush.print(run.text, run.width, run.style);
    case 'erased':
      brush.goTo(run.column);
      return brush.erase(run.width, run.style.background);
    case 'mark':
      return drawMark(brush, run);
  }
}

/** Terminals do not agree on whether the cursor moves. */
function drawMark(brush: Brush, run: PlainRun): void {
  brush.jumpTo(run.column);
  brush.print(firstCharacter(run.text), 1, run.style);
  if (run.column + 1 < brush.columns) brush.jumpTo(run.column + 1);
}
