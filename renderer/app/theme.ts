/** Light or dark: the system's, or a person's choice, which this browser remembers. */
import { Value } from '../state/value.ts';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'domus.theme';
const darkSystem = matchMedia('(prefers-color-scheme: dark)');

export const theme = new Value<Theme>(remembered());
/** What is shown now: for canvases and terminals, which read colours only when they draw. */
export const isDark = new Value(darkNow());

export function chooseTheme(choice: Theme): void {
  if (choice === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, choice);
  theme.set(choice);
}

/** Puts the choice on the document, now and at every change. */
export function applyTheme(): void {
  const apply = (): void => {
    const choice = theme.get();
    if (choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    isDark.set(darkNow());
  };
  theme.subscribe(apply);
  darkSystem.addEventListener('change', apply);
  apply();
}

function darkNow(): boolean {
  const choice = theme.get();
  return choice === 'system' ? darkSystem.matches : choice === 'dark';
}

function remembered(): Theme {
  const choice = localStorage.getItem(KEY);
  return choice === 'light' || choice === 'dark' ? choice : 'system';
}
