/**
 * The coloured rows without a character below the last that has one, as those of a full-screen dialog:
 * the serialising add-on leaves them out.
 */
import type { IBufferCell, IBufferLine, Terminal } from '@xterm/headless';

/**
 * Sequences that draw them, on a terminal that was just given the serialised screen; the cursor and
 * its colours stay. Empty for a screen that has none.
 */
export function drawBareBackground(terminal: Terminal): string {
  const { active } = terminal.buffer;
  let text = '';
  for (let row = terminal.rows - 1; row >= 0; row--) {
    const line = active.getLine(active.baseY + row);
    if (!line || line.translateToString(true) !== '') break;
    text += drawRow(line, row, terminal.cols);
  }
  // Save and restore keep the place and the colours; who saved one before is served after this.
  return text === '' ? '' : `\x1b7${text}\x1b8`;
}

function drawRow(line: IBufferLine, row: number, columns: number): string {
  let text = '';
  for (let column = 0; column < columns;) {
    const background = backgroundAt(line, column);
    const from = column;
    while (column < columns && backgroundAt(line, column) === background) column++;
    if (background === '') continue;
    text += `\x1b[${row + 1};${from + 1}H\x1b[0;${background}m\x1b[${column - from}X`;
  }
  return text;
}

/** As a parameter of SGR; empty for the terminal's own. */
function backgroundAt(line: IBufferLine, column: number): string {
  const cell = line.getCell(column);
  return cell === undefined || cell.isBgDefault() ? '' : sgrBackground(cell);
}

function sgrBackground(cell: IBufferCell): string {
  const colour = cell.getBgColor();
  if (!cell.isBgRGB()) return `48;5;${colour}`;
  return `48;2;${colour >> 16};${(colour >> 8) & 255};${colour & 255}`;
}
