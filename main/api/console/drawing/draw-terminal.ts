/**
 * Draws a terminal on another: text and sequences after which an empty terminal of the same size
 * shows the same, and goes on the same with whatever it gets next.
 *
 * The other one is xterm.js in a window, or whatever terminal a person runs `domus console` in: what
 * is common is drawn by common means.
 */
import type { Terminal } from '@xterm/headless';
import { ENTER_OTHER, LEAVE_OTHER } from './brush.ts';
import { drawCursor } from './cursor.ts';
import { newDrawing } from './drawing.ts';
import type { Drawing, ScreenSource } from './drawing.ts';
import type { CoreBuffer } from './internals.ts';
import { drawLines } from './lines.ts';
import { drawModes } from './modes.ts';
import { drawSavedCursor, hasSavedCursor, SAVE } from './saved-cursor.ts';
import { PLAIN } from './style.ts';
import { drawTabStops } from './tab-stops.ts';

/** Saves the cursor before. */
const ENTER_AFTER_SAVING = '\x1b[?1049h';
const HOME_AND_CLEAR = '\x1b[H\x1b[2J';
const ORIGIN_MODE = '\x1b[?6h';

export function drawTerminal(terminal: Terminal): string {
  const drawing = newDrawing(terminal);
  const { normal, alternate, active } = terminal.buffer;
  const { buffers } = drawing.core._bufferService;
  const screen = { buffer: normal, state: buffers.normal };
  const other = { buffer: alternate, state: buffers.alt };
  drawing.brush.write(drawModes(terminal, drawing.core));
  if (active.type === 'normal') drawWithoutOther(drawing, screen, other);
  else drawWithOther(drawing, screen, other);
  return drawing.brush.text;
}

function drawWithoutOther(drawing: Drawing, screen: ScreenSource, other: ScreenSource): void {
  const { brush } = drawing;
  const line = drawScreen(drawing, screen);
  if (hasSavedCursor(other.state)) {
    brush.write(ENTER_OTHER);
    drawSavedCursor(drawing, other.state, SAVE);
    brush.write(LEAVE_OTHER);
  }
  if (hasSavedCursor(screen.state)) drawSavedCursor(drawing, screen.state, SAVE);
  drawEnd(drawing, screen, line);
}

/** The screen behind first: its cursor is the saved one. */
function drawWithOther(drawing: Drawing, screen: ScreenSource, other: ScreenSource): void {
  const { brush } = drawing;
  drawScreen(drawing, screen);
  drawRegion(drawing, screen.state);
  drawSavedCursor(drawing, screen.state, ENTER_AFTER_SAVING);
  // Some terminals have one region for both screens, and the pen may have filled this one.
  if (hasRegion(drawing, screen.state)) brush.moveAnywhere('\x1b[r');
  brush.set(PLAIN);
  brush.move(HOME_AND_CLEAR, 0);
  const line = drawScreen(drawing, other);
  if (hasSavedCursor(other.state)) drawSavedCursor(drawing, other.state, SAVE);
  drawEnd(drawing, other, line);
}

/** Returns the index of the line where the cursor is then. */
function drawScreen({ brush, reader, terminal }: Drawing, screen: ScreenSource): number {
  const line = drawLines(brush, reader, screen.buffer, terminal.rows);
  drawTabStops(brush, screen.state);
  return line;
}

function drawEnd(drawing: Drawing, screen: ScreenSource, line: number): void {
  drawRegion(drawing, screen.state);
  if (drawing.terminal.modes.originMode) drawing.brush.moveAnywhere(ORIGIN_MODE);
  drawCursor(drawing, screen, line);
}

function drawRegion(drawing: Drawing, state: CoreBuffer): void {
  if (!hasRegion(drawing, state)) return;
  drawing.brush.moveAnywhere(`\x1b[${state.scrollTop + 1};${state.scrollBottom + 1}r`);
}

function hasRegion({ terminal }: Drawing, { scrollTop, scrollBottom }: CoreBuffer): boolean {
  return scrollTop > 0 || scrollBottom < terminal.rows - 1;
}
