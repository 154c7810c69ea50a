/** Chromium as an application's window: one page, no address bar. */
import { spawn } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Opens `page`; null, or why it could not. The page's address holds the token, and every user of
 * the machine can read the arguments of a process: so the browser is given a file in `folder` that
 * only this user can read, and that leads to the page.
 */
export function openWindow(page: string, folder: string): string | null {
  const browser = BROWSERS.map(findProgram).find((path) => path !== null);
  if (!browser) return 'Chromium is not installed';
  const file = join(folder, 'open.html');
  try {
    writeFileSync(file, `<meta http-equiv="refresh" content="0; url=${page}">\n`, { mode: 0o600 });
  } catch (error) {
    return `${file} could not be written: ${error instanceof Error ? error.message : String(error)}`;
  }
  // Chromium's sandbox refuses to run for root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(browser, [`--app=${pathToFileURL(file).href}`, ...sandbox], {
    detached: true,
    stdio: 'ignore',
  });
  child.on('error', () => {}); // the address was printed: a person can open it
  child.unref();
  return null;
}

function findProgram(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return null;
}
