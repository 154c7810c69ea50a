/** The desktop application's entry, run by Electron. */
import { app, protocol } from 'electron';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readCommandLine } from './lifecycle/command-line.ts';
import { Shell } from './lifecycle/shell.ts';
import { startSite } from './lifecycle/start-site.ts';
import { PAGE_SCHEME } from './origin.ts';
import { findPlaces } from './places.ts';
import type * as Main from '../main/index.ts';

// Electron waits with `ready` for this module: what must come before it stands here.
const places = findPlaces(import.meta.url);
const { home, demo } = readCommandLine(process.argv);
const main = (await import(/* @vite-ignore */ places.mainModule.href)) as typeof Main;
// One program a home, and its window's state with it: Electron's lock is one for each such folder.
const userData = join(main.resolveHome({ home }).folder, 'desktop');
try {
  mkdirSync(userData, { recursive: true, mode: 0o700 });
  app.setPath('userData', userData);
} catch {
  // A home that cannot be used: starting the site says why.
}
app.enableSandbox();
protocol.registerSchemesAsPrivileged([
  { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);

if (app.requestSingleInstanceLock()) {
  // Not awaited: `ready`, which it waits for, comes after this module.
  void Shell.start({
    preload: places.preload,
    pages: places.pages,
    userData,
    startSite: () => startSite(main, { home, demo, version: app.getVersion() }),
  });
} else {
  app.quit(); // The program that has the lock shows its window.
}
