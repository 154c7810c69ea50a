/** Gives the keyboard back to the window: to the control nearest above this console. */
export function leaveConsole(pane: Element): void {
  const tab = pane.closest('article')?.querySelector<HTMLElement>('[role=tab][aria-selected=true]');
  const title = pane.closest('section')?.querySelector<HTMLElement>('header a');
  // In a window of its own there is nothing above it.
  const below = pane.querySelector<HTMLElement>('footer button');
  (tab ?? title ?? below)?.focus();
}
