/** The cursor that a guest saved on one screen: its place, colours and character set (DECSC). */
import { ASCII_IN_FIRST, designate } from './charsets.ts';
import type { Drawing } from './drawing.ts';
import type { CoreBuffer } from './internals.ts';
import { styleOf } from './style.ts';

export const SAVE = '\x1b7';
export const RESTORE = '\x1b8';

/** On a new terminal there is one, too: the first row and column. */
export function hasSavedCursor(buffer: CoreBuffer): boolean {
  const { savedX, savedY, ybase, savedCurAttrData: attributes, savedCharset } = buffer;
  const isAway = savedX > 0 || savedY > ybase;
  return isAway || attributes.fg !== 0 || attributes.bg !== 0 || savedCharset !== undefined;
}

/** To be called while all character sets are ASCII. `save`: the sequence to save it with. */
export function drawSavedCursor(drawing: Drawing, state: CoreBuffer, save: string): void {
  const { brush, links, terminal } = drawing;
  // The terminal keeps the index of the line: what was scrolled away since is in the first row.
  const row = Math.min(terminal.rows - 1, Math.max(0, state.savedY - state.ybase));
  brush.moveTo(row, Math.min(state.savedX, brush.columns - 1));
  brush.set(styleOf(state.savedCurAttrData, links));
  const { savedCharset } = state;
  brush.write(savedCharset ? designate(savedCharset) + save + ASCII_IN_FIRST : save);
}
