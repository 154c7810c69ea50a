/** What a person sees of a terminal, and what typing there would do: to be compared with another's. */
import type { IBuffer, IBufferCell, IBufferLine, Terminal } from '@xterm/headless';
import { coreOf } from '../console/drawing/internals.ts';
import type { Attributes, Core } from '../console/drawing/internals.ts';

/**
 * The lines with their scroll-back, then how each cell that is not plain looks, then the same of the
 * other screen, if it is shown, then cursor and modes.
 */
export function seenScreen(terminal: Terminal): string {
  const { normal, alternate, active } = terminal.buffer;
  const core = coreOf(terminal);
  const shown = active.type === 'normal' ? [normal] : [normal, alternate];
  const screens = shown.flatMap((buffer) => seenLines(buffer, terminal.cols, core));
  // A cursor that waits behind the last column is seen on it.
  const column = Math.min(active.cursorX, terminal.cols - 1);
  const cursor = `${active.type} ${column},${active.baseY + active.cursorY}`;
  const { isCursorHidden, decPrivateModes } = core.coreService;
  const style = isCursorHidden
    ? 'hidden'
    : `${decPrivateModes.cursorStyle} ${decPrivateModes.cursorBlink}`;
  return [...screens, `${cursor} ${style}`, JSON.stringify(terminal.modes)].join('\n');
}

function seenLines(buffer: IBuffer, columns: number, core: Core): string[] {
  const lines = Array.from({ length: buffer.length }, (_, row) => buffer.getLine(row)!);
  const text = lines.map((line) => line.translateToString(true));
  const looks = lines.flatMap((line, row) => looksOf(line, row, columns, core));
  // What the first line goes on from is gone.
  const wrapped = lines.flatMap((line, row) => (line.isWrapped && row > 0 ? [row] : []));
  return [...text, ...looks, `wrapped: ${wrapped.join(' ')}`];
}

function looksOf(line: IBufferLine, row: number, columns: number, core: Core): string[] {
  const looks: string[] = [];
  let isWritten = false;
  for (let column = columns - 1; column >= 0; column--) {
    const cell = line.getCell(column) as (IBufferCell & Attributes) | undefined;
    if (!cell) continue;
    isWritten ||= cell.getChars() !== '';
    const look = [lookOf(cell, core), roomOf(line, column, isWritten)].filter(
      (word) => word !== '',
    );
    if (look.length > 0) looks.push(`${row},${column}: ${look.join(' ')}`);
  }
  return looks.reverse();
}

/** How wide it is, if not one column; and whether it is an empty cell before one that is not. */
function roomOf(line: IBufferLine, column: number, isBeforeText: boolean): string {
  const cell = line.getCell(column)!;
  const width = cell.getWidth();
  if (cell.getChars() !== '') return width === 1 ? '' : `${width} wide`;
  if (width === 1) return isBeforeText ? 'empty' : '';
  return line.getCell(column - 1)?.getWidth() === 2 ? '' : 'half';
}

function lookOf(cell: IBufferCell & Attributes, core: Core): string {
  const isBlank = cell.getChars().trim() === '';
  const underline = underlineOf(cell, core);
  const lines = [
    underline,
    cell.isOverline() ? 'overlined' : '',
    cell.isStrikethrough() ? 'struck' : '',
  ].filter((word) => word !== '');
  const isInverse = Boolean(cell.isInverse());
  const hasForeground = !isBlank || isInverse || lines.length > 0;
  const look = [
    cell.isBgDefault() ? '' : `on ${colour(cell.isBgRGB(), cell.getBgColor())}`,
    cell.isFgDefault() || !hasForeground ? '' : `in ${colour(cell.isFgRGB(), cell.getFgColor())}`,
    isInverse ? 'inverse' : '',
    ...lines,
    ...(isBlank ? [] : strokesOf(cell)),
  ];
  return look.filter((word) => word !== '').join(' ');
}

/** The first sixteen of the palette are the same by both of their names. */
function colour(isRgb: boolean, value: number): string {
  return `${isRgb ? 'rgb' : 'palette'} ${value}`;
}

function underlineOf(cell: Attributes, core: Core): string {
  if (!cell.isUnderline()) return '';
  const extended = cell.hasExtendedAttrs() ? cell.extended : null;
  const uri = extended && core._oscLinkService.getLinkData(extended.urlId)?.uri;
  if (uri) return `link to ${uri}`;
  // xterm.js restores (DECRC) that a pen underlined, and not how: its renderer draws one line then.
  const style = extended?.underlineStyle || 1;
  const packed = extended?.underlineColor ?? 0;
  const mode = packed >>> 24;
  const value = mode === 3 ? packed & 0xffffff : packed & 0xff;
  return `underlined ${style}${mode === 0 ? '' : ` in ${colour(mode === 3, value)}`}`;
}

function strokesOf(cell: IBufferCell): string[] {
  const strokes = {
    bold: cell.isBold(),
    dim: cell.isDim(),
    italic: cell.isItalic(),
    blinks: cell.isBlink(),
    hidden: cell.isInvisible(),
  };
  return Object.entries(strokes).map(([name, isSet]) => (isSet ? name : ''));
}
