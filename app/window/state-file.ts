import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseWindowState } from './bounds.ts';
import type { WindowState } from './bounds.ts';

/** Null where there is none or it is damaged: the window then stands where it stands at first. */
export function readWindowState(path: string): WindowState | null {
  try {
    return parseWindowState(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Synchronous, because it is called while the program ends. */
export function writeWindowState(path: string, state: WindowState): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify(state));
    renameSync(`${path}.new`, path);
  } catch {
    // No space or no right to write: a window that opens elsewhere next time is all that is lost.
  }
}
