/**
 * Started by a test in a process of its own: the shell with the stand-in for Electron before the real
 * site. An exit is the process's own, which waits for every thread. Prints a line when the window shows
 * and the site answers.
 *
 *     node shell-program.ts HOME PAGES
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import * as main from '../../main/index.ts';
import { app } from './electron.ts';

const [home = '', pages = ''] = process.argv.slice(2);
const standIn = new URL('electron.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
});
const { Shell } = await import('../lifecycle/shell.ts');
const { startSite } = await import('../lifecycle/start-site.ts');

void app.exited.promise.then((code) => process.exit(code));
const site = startSite(main, { home, demo: false, version: 'test', port: 0 });
const shown = Shell.start({
  preload: '',
  pages,
  userData: join(home, 'desktop'),
  startSite: () => site,
});
app.becomeReady();
await Promise.all([shown, site]);
process.stdout.write('ready\n');
