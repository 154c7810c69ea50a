/** The window's own keys. Inside a console only those with Ctrl-Shift or ⌘ are ours. */
import { navigate } from './route.ts';
import { overlay } from './overlays.ts';

export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
const isWindows = /Windows/.test(navigator.userAgent);

export const paletteKey = isMac ? '⌘K' : 'Ctrl-K';
/** Windows keeps Ctrl-Shift-Escape for itself. */
export const leaveConsoleKey = isWindows ? 'Ctrl-Shift-F6' : 'Ctrl-Shift-Escape';

export const SEARCH_FIELD_ID = 'search';

export function installShortcuts(): void {
  window.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const handled = isPaletteKey(event) ? showPalette() : !isTyping(event) && plainKey(event);
    if (handled) event.preventDefault();
  });
}

/** True for the keys that leave a console; the console lets them through. */
export function isLeaveConsoleKey(event: KeyboardEvent): boolean {
  return event.ctrlKey && event.shiftKey && (event.key === 'Escape' || event.key === 'F6');
}

function isPaletteKey(event: KeyboardEvent): boolean {
  const key = event.key.toLowerCase();
  if (isMac) return event.metaKey && !event.ctrlKey && key === 'k';
  if (event.ctrlKey && event.shiftKey && key === 'p') return true;
  return event.ctrlKey && !event.shiftKey && !event.altKey && key === 'k' && !inConsole(event);
}

function plainKey(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || overlay.get() !== null) return false;
  switch (event.key) {
    case '/':
      document.getElementById(SEARCH_FIELD_ID)?.focus();
      return true;
    case '?':
      overlay.set({ kind: 'help' });
      return true;
    case 'n':
      overlay.set({ kind: 'create-domain' });
      return true;
    case 'g':
      navigate({ view: 'site' });
      return true;
    case 'j':
      return moveInList('ArrowDown');
    case 'k':
      return moveInList('ArrowUp');
    default:
      return false;
  }
}

/** `j` and `k` are the arrow keys, where a list has the focus; else they go to the first list. */
function moveInList(key: 'ArrowDown' | 'ArrowUp'): boolean {
  const focused = document.activeElement?.closest<HTMLElement>('[role="row"]') ?? null;
  if (focused === null) {
    const first = document.querySelector<HTMLElement>('main [role="row"]');
    first?.focus();
    return first !== null;
  }
  focused.focus();
  focused.dispatchEvent(
    new KeyboardEvent('keydown', { key, code: key, bubbles: true, cancelable: true }),
  );
  return true;
}

function showPalette(): true {
  overlay.set({ kind: 'palette' });
  return true;
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== 'range';
  return target instanceof HTMLTextAreaElement || target.isContentEditable;
}

function inConsole(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest('.xterm') !== null;
}
