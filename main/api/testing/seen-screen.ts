/** What a person sees of a terminal, and what typing there would do: to be compared with another's. */
import type { IBufferCell, IBufferLine, Terminal } from '@xterm/headless';

/**
 * The lines with their scroll-back, then how each cell that is not plain looks, then cursor and modes.
 * That a cell was never written, or holds a space, is not seen.
 */
export function seenScreen(terminal: Terminal): string {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => active.getLine(row)!);
  const text = lines.map((line) => line.translateToString(true)).join('\n');
  const looks = lines.flatMap((line, row) => looksOf(line, row, terminal.cols));
  // A cursor that waits behind the last column is seen on it.
  const column = Math.min(active.cursorX, terminal.cols - 1);
  const cursor = `${active.type} ${column},${active.baseY + active.cursorY}`;
  return [text, looks.join('\n'), cursor, JSON.stringify(terminal.modes)].join('\n');
}

function looksOf(line: IBufferLine, row: number, columns: number): string[] {
  const looks: string[] = [];
  for (let column = 0; column < columns; column++) {
    const cell = line.getCell(column);
    const look = cell ? lookOf(cell) : '';
    if (look !== '') looks.push(`${row},${column}: ${look}`);
  }
  return looks;
}

function lookOf(cell: IBufferCell): string {
  const isBlank = cell.getChars().trim() === '';
  const lines = [cell.isUnderline(), cell.isOverline(), cell.isStrikethrough()].map(Boolean);
  const isInverse = Boolean(cell.isInverse());
  const hasForeground = !isBlank || isInverse || lines.includes(true);
  const look = [
    cell.isBgDefault() ? '' : `on ${colour(cell.isBgRGB(), cell.getBgColor())}`,
    cell.isFgDefault() || !hasForeground ? '' : `in ${colour(cell.isFgRGB(), cell.getFgColor())}`,
    isInverse ? 'inverse' : '',
    ...['underline', 'overline', 'struck'].map((name, index) => (lines[index] ? name : '')),
    ...(isBlank ? [] : strokesOf(cell)),
  ];
  return look.filter((word) => word !== '').join(' ');
}

/** The first sixteen of the palette are the same by both of their names. */
function colour(isRgb: boolean, value: number): string {
  return `${isRgb ? 'rgb' : 'palette'} ${value}`;
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
