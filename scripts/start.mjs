// `npm start`: set-up, then the desktop application where it can be had, else the same user
// interface in a browser. Arguments go on to `domus serve`.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ensureBuilt,
  ensurePackages,
  ensureProgram,
  environment,
  lockedNode,
  orExplain,
  root,
} from './setup.mjs';

const hasDisplay =
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/** Electron's binary, or why there is none. */
function electron() {
  const folder = join(root, 'node_modules', 'electron');
  const own = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const name = existsSync(join(folder, 'path.txt'))
    ? readFileSync(join(folder, 'path.txt'), 'utf8').trim()
    : process.platform === 'win32'
      ? 'electron.exe'
      : 'electron';
  const binary = join(own ?? join(folder, 'dist'), name);
  if (!existsSync(binary)) return { reason: 'Electron’s binary is not installed here' };
  if (!hasDisplay) return { reason: 'there is no display' };
  return { binary };
}

function startChild(command, args, env) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: environment(env) });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (status, signal) => process.exit(status ?? (signal ? 1 : 0)));
}

orExplain(() => {
  ensurePackages();
  ensureBuilt('pages', ['renderer', 'shared'], 'build:renderer');
  const { binary, reason } = electron();
  if (binary) {
    ensureBuilt('application', ['app', 'main', 'shared'], 'build:app');
    // Chromium's sandbox refuses to run for root.
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    startChild(binary, [...sandbox, root, '--demo', ...process.argv.slice(2)], {});
    return;
  }
  console.error(`No desktop window (${reason}): serving the same user interface to a browser.`);
  const args = [ensureProgram(), 'serve', '--demo', ...(hasDisplay ? ['--open'] : [])];
  // As in bin/domus.mjs.
  const env = { MALLOC_MMAP_THRESHOLD_: '131072' };
  startChild(lockedNode(), [...args, ...process.argv.slice(2)], env);
});
