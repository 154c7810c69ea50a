// What every command needs before it can run: packages, the locked Node, built pages. Plain
// JavaScript without dependencies, because nothing is installed when it runs for the first time
// (Node 20 or later).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');

/** Runs a program, its output on stderr: stdout is the command's own. Throws when it fails. */
export function run(command, args, options = {}) {
  const stdio = ['inherit', 2, 'inherit'];
  const { status, error } = spawnSync(command, args, { cwd: root, stdio, ...options });
  if (error) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (exit status ${status})`);
}

/** Installs the packages of the lock file, unless they are installed already. */
export function ensurePackages() {
  const stamp = join(modules, '.domus-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing the packages of the lock file …');
  run(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      shell: process.platform === 'win32',
    },
  );
  writeFileSync(stamp, lock);
}

/** The Node that the lock file pins, or this one when it is new enough. */
export function lockedNode() {
  const locked = join(modules, `node-linux-${process.arch}`, 'bin', 'node');
  if (process.platform === 'linux' && existsSync(locked)) return locked;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new Error(
    `Domus runs on Node 24; this is Node ${process.versions.node}, and the package that brings ` +
      `Node 24 exists for Linux on x64 and arm64 only: install Node 24 and try again`,
  );
}

/** An environment in which `node` is the locked one, also for what child processes start. */
export function environment(extra = {}) {
  const path = [dirname(lockedNode()), join(modules, '.bin'), process.env.PATH ?? ''];
  return { ...process.env, PATH: path.join(process.platform === 'win32' ? ';' : ':'), ...extra };
}

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** Changes when any source that a build is made of changes. */
function sourceDigest(folders) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const folder of folders) {
    for (const path of [...filesBelow(join(root, folder))].sort()) {
      const { size, mtimeMs } = statSync(path);
      hash.update(`${relative(root, path)} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

/** Runs the npm script `script` unless what it builds from `folders` is up to date. */
export function ensureBuilt(name, folders, script) {
  const stamp = join(root, 'dist', `.${name}-sources`);
  const digest = sourceDigest(folders);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  console.error(`Building ${name} …`);
  run('npm', ['run', '--silent', script], {
    env: environment(),
    shell: process.platform === 'win32',
  });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

const PROGRAM_KEPT_MS = 7 * 24 * 3600 * 1000;

/**
 * The program as it is shipped, built from these sources: a domain's thread starts in a third of the
 * time that it takes from the sources. In a folder of its own for each state of them, so that a
 * daemon that runs keeps its files when they change.
 *
 * @returns {string} its command, for the locked Node
 */
export function ensureProgram() {
  const folders = ['main', 'shared'];
  const dist = join(root, 'dist');
  const program = join(dist, `program-${sourceDigest(folders).slice(0, 12)}`);
  if (!existsSync(program)) {
    ensureBuilt('program', folders, 'build:main');
    const copy = `${program}.${process.pid}`;
    cpSync(join(dist, 'main'), copy, { recursive: true });
    // Another start may have been faster.
    if (existsSync(program)) rmSync(copy, { recursive: true });
    else renameSync(copy, program);
    for (const name of readdirSync(dist).filter((entry) => entry.startsWith('program-'))) {
      const path = join(dist, name);
      if (Date.now() - statSync(path).mtimeMs > PROGRAM_KEPT_MS) rmSync(path, { recursive: true });
    }
  }
  return join(program, 'cli.js');
}

/** Ends the process with one sentence instead of a stack. */
export function orExplain(work) {
  Promise.resolve()
    .then(work)
    .catch((error) => {
      console.error(error.message);
      process.exitCode = 1;
    });
}
