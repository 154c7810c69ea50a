/** The modes of a terminal. */
import type { Terminal } from '@xterm/headless';
import type { Core } from './internals.ts';

const MOUSE_TRACKING = { none: '', x10: '9', vt200: '1000', drag: '1002', any: '1003' };
const MOUSE_ENCODINGS: Readonly<Record<string, string>> = { SGR: '1006', SGR_PIXELS: '1016' };
/** For the steady one; the blinking one is before it (DECSCUSR). */
const CURSOR_STYLES = { block: 2, underline: 4, bar: 6 };

/**
 * Those that change nothing while a drawing is read. Not among them: updating without showing
 * (2026), which lasts for moments, and would hide the drawing.
 */
export function drawModes({ modes, options }: Terminal, core: Core): string {
  const { cursorStyle, cursorBlink } = core.coreService.decPrivateModes;
  const on: [isOn: boolean | undefined, mode: string][] = [
    [modes.applicationCursorKeysMode, '1'],
    [options.cursorBlink, '12'],
    [modes.reverseWraparoundMode, '45'],
    [modes.sendFocusMode, '1004'],
    [modes.bracketedPasteMode, '2004'],
  ];
  const numbers = on.filter(([isOn]) => isOn).map(([, mode]) => mode);
  numbers.push(MOUSE_TRACKING[modes.mouseTrackingMode]);
  numbers.push(MOUSE_ENCODINGS[core.coreMouseService.activeEncoding] ?? '');
  let text = numbers.map((mode) => (mode === '' ? '' : `\x1b[?${mode}h`)).join('');
  if (modes.applicationKeypadMode) text += '\x1b=';
  if (cursorStyle) text += `\x1b[${CURSOR_STYLES[cursorStyle] - (cursorBlink ? 1 : 0)} q`;
  // A reset of xterm.js leaves these two as they were.
  text += core.coreService.isCursorHidden ? '\x1b[?25l' : '\x1b[?25h';
  text += options.convertEol ? '\x1b[20h' : '\x1b[20l';
  return text;
}

/** Those with which a drawing would come out otherwise. */
export function drawLateModes({ modes }: Terminal): string {
  const insert = modes.insertMode ? '\x1b[4h' : '';
  return modes.wraparoundMode ? insert : `${insert}\x1b[?7l`;
}
