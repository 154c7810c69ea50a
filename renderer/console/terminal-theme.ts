import type { ITheme } from '@xterm/xterm';

/** Dark in both themes: guests choose their colours for a dark screen. */
export const terminalTheme: ITheme = {
  background: '#0e0f12',
  foreground: '#d9dbe1',
  cursor: '#93a9ff',
  cursorAccent: '#0e0f12',
  selectionBackground: '#35427c',
  black: '#23252b',
  red: '#ff7a7f',
  green: '#63d19a',
  yellow: '#f0c063',
  blue: '#8fa8ff',
  magenta: '#d59bf5',
  cyan: '#6fd3e0',
  white: '#d9dbe1',
  brightBlack: '#7d818e',
  brightRed: '#ff9da1',
  brightGreen: '#8fe3b8',
  brightYellow: '#f7d796',
  brightBlue: '#b3c3ff',
  brightMagenta: '#e6c1fb',
  brightCyan: '#a1e6ef',
  brightWhite: '#ffffff',
};
