/**
 * What any guest can ask of xterm.js 6.0.0 in a few bytes, and it does not get over:
 *
 * - Erasing up to the cursor (`CSI 1 J`, `CSI ? 1 J`) looks at the line below, which does not exist
 *   under the last row: it throws, and reads no more output for good.
 * - What is done as often as a number says, which may be two thousand million: for minutes or hours
 *   nothing else happens in the thread, or there is no memory for it, which throws as well.
 *
 * The numbers are changed before xterm.js acts on them, to ones that have the same effect.
 */

export interface BoundedTerminal {
  readonly cols: number;
  readonly rows: number;
  readonly buffer: { readonly active: ActiveBuffer };
}

interface ActiveBuffer {
  readonly baseY: number;
  readonly cursorX: number;
  readonly cursorY: number;
  getLine(
    line: number,
  ): { getCell(column: number): { getChars(): string } | undefined } | undefined;
}

interface Core {
  /** Other than the public interface's, its parameters can be changed. */
  registerCsiHandler(
    id: { prefix?: string; final: string },
    callback: (parameters: { params: Record<number, number> }) => boolean,
  ): unknown;
}

const ERASE_TO_CURSOR = 1;
const ERASE_ALL = 2;

type Bound = (terminal: BoundedTerminal) => number;
const rows: Bound = (terminal) => terminal.rows;
const columns: Bound = (terminal) => terminal.cols;

/** A character may have any number of marks. */
const MAX_REPEATED_LENGTH = 1024 * 1024;

/** How often is often enough. */
const BOUNDS: Readonly<Record<string, Bound>> = {
  L: rows, // insert lines
  M: rows, // delete lines
  S: rows, // scroll up
  T: rows, // scroll down
  I: columns, // forward by tab stops
  Z: columns, // back by tab stops
  b: repetitions, // of the last character
};

/** To be called once, before the terminal is written to. */
export function boundTerminal(terminal: BoundedTerminal): void {
  const core = (terminal as BoundedTerminal & { _core?: Partial<Core> })._core;
  if (typeof core?.registerCsiHandler !== 'function') {
    throw new Error('this build of xterm.js is another: adapt bounded-terminal.ts');
  }
  const change = (final: string, newNumber: (number: number) => number, prefix?: string): void => {
    const id = prefix === undefined ? { final } : { prefix, final };
    core.registerCsiHandler?.(id, ({ params }) => {
      params[0] = newNumber(params[0] ?? 0);
      // xterm.js does the rest.
      return false;
    });
  };
  for (const [final, bound] of Object.entries(BOUNDS)) {
    change(final, (number) => Math.min(number, bound(terminal)));
  }
  const erase = (number: number): number =>
    number === ERASE_TO_CURSOR && isInLastCell(terminal) ? ERASE_ALL : number;
  change('J', erase);
  change('J', erase, '?');
}

function repetitions({ buffer: { active }, cols, rows: height }: BoundedTerminal): number {
  const line = active.getLine(active.baseY + active.cursorY);
  // The character is one column wide, or two.
  const lengths = [1, 2].map(
    (back) => line?.getCell(active.cursorX - back)?.getChars().length ?? 0,
  );
  const affordable = Math.floor(MAX_REPEATED_LENGTH / Math.max(1, ...lengths));
  return Math.max(1, Math.min(cols * height, affordable));
}

function isInLastCell({ buffer: { active }, cols, rows: height }: BoundedTerminal): boolean {
  return active.cursorX >= cols - 1 && active.cursorY === height - 1;
}
