/**
 * State of a terminal that the serialising add-on leaves out and the public interface does not
 * show: scroll region, hidden cursor, mouse encoding, character sets, saved cursor. Without it a
 * viewer that joins late draws the same screen at first and another one later.
 *
 * Reads `@xterm/headless`'s own objects (its version is pinned); a part that is missing there is
 * an error at the first console, not a wrong screen some day.
 */
import type { Terminal } from '@xterm/headless';

interface BufferLine {
  isWrapped: boolean;
  readonly length: number;
  hasContent(column: number): boolean;
}

interface Internals {
  _bufferService: {
    buffer: {
      x: number;
      y: number;
      scrollTop: number;
      scrollBottom: number;
      savedX: number;
      savedY: number;
      ybase: number;
      lines: { length: number; get(row: number): BufferLine | undefined };
    };
  };
  coreService: { isCursorHidden: boolean; decPrivateModes: { origin: boolean } };
  coreMouseService: { activeEncoding: string };
  _charsetService: { glevel: number; _charsets: (Record<string, string> | undefined)[] };
}

const MOUSE_ENCODINGS: Readonly<Record<string, string>> = {
  SGR: '\x1b[?1006h',
  SGR_PIXELS: '\x1b[?1016h',
};

/**
 * Sequences that set this state on a terminal that was just given the serialised screen; `hasSavedOther`:
 * on the way a place was saved there that the guest did not save.
 */
export function readHiddenState(terminal: Terminal, hasSavedOther = false): string {
  const core = internals(terminal);
  const { buffer } = core._bufferService;
  const { scrollTop, scrollBottom } = buffer;
  const origin = core.coreService.decPrivateModes.origin;
  const hasRegion = scrollTop > 0 || scrollBottom < terminal.rows - 1;

  let text = MOUSE_ENCODINGS[core.coreMouseService.activeEncoding] ?? '';
  if (core.coreService.isCursorHidden) text += '\x1b[?25l';
  text += characterSets(core._charsetService);
  const savedRow = Math.max(0, buffer.savedY - buffer.ybase);
  const hasSaved = hasSavedOther || savedRow > 0 || buffer.savedX > 0;
  if (!hasSaved && !hasRegion && !origin) return text;

  // Saving a place, setting a region and origin mode all move the cursor: it is put back last.
  if (origin) text += '\x1b[?6l';
  if (hasSaved) text += `${moveTo(savedRow, buffer.savedX)}\x1b7`;
  if (hasRegion) text += `\x1b[${scrollTop + 1};${scrollBottom + 1}r`;
  if (origin) text += '\x1b[?6h';
  const row = origin ? buffer.y - scrollTop : buffer.y;
  return text + moveTo(row, Math.min(buffer.x, terminal.cols - 1));
}

/**
 * A line that goes on in the next one, of which either was cleared at the seam since: they are two
 * lines now, as a person sees them. The add-on draws such a seam with characters that stay.
 */
export function unwrapTornLines(terminal: Terminal): void {
  const { lines } = internals(terminal)._bufferService.buffer;
  for (let row = 1; row < lines.length; row++) {
    const [before, line] = [lines.get(row - 1), lines.get(row)];
    if (!before || !line?.isWrapped) continue;
    const isWhole = before.hasContent(before.length - 1) && line.hasContent(0);
    if (!isWhole) line.isWrapped = false;
  }
}

function moveTo(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}

/** The letter that says which of the four slots a set goes to. */
const DESIGNATORS = ['(', ')', '*', '+'];

/** Of the national sets only the line-drawing one is told from ASCII: it is the one in use. */
function characterSets({ glevel, _charsets }: Internals['_charsetService']): string {
  let text = '';
  for (const [slot, letter] of DESIGNATORS.entries()) {
    if (_charsets[slot]?.['`'] === '◆') text += `\x1b${letter}0`;
  }
  if (glevel === 1) text += '\x0e';
  if (glevel === 2) text += '\x1bn';
  if (glevel === 3) text += '\x1bo';
  return text;
}

function internals(terminal: Terminal): Internals {
  const core = (terminal as unknown as { _core?: Partial<Internals> })._core;
  if (
    typeof core?._bufferService?.buffer.scrollTop !== 'number' ||
    typeof core._bufferService.buffer.lines.get(0)?.hasContent !== 'function' ||
    typeof core.coreService?.isCursorHidden !== 'boolean' ||
    typeof core.coreMouseService?.activeEncoding !== 'string' ||
    !Array.isArray(core._charsetService?._charsets)
  ) {
    throw new Error(
      'this build of @xterm/headless keeps its state elsewhere: adapt hidden-state.ts',
    );
  }
  return core as Internals;
}
