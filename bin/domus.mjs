#!/usr/bin/env node
// Starts Domus's command line on the Node that it is locked to, whatever Node runs this file (20 or
// later). No dependencies: in a fresh clone nothing is installed yet.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED_NODE = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const ownArgs = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;

/** Node 24 from the packages: beside this one's, or hoisted above it. Null: this Node will do. */
function lockedNode() {
  const name = join('node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return join(folder, name);
    if (folder === dirname(folder)) break;
  }
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_NODE) return null;
  throw new Error(
    `Domus runs on Node ${NEEDED_NODE}; this is Node ${process.versions.node}, and the package that ` +
      `brings Node ${NEEDED_NODE} is not installed (it exists for Linux on x64 and arm64). ` +
      `Install Node ${NEEDED_NODE} and try again.`,
  );
}

/** What is missing in a clone: packages for every command, pages for the daemon and the benchmarks. */
async function setUp() {
  const setup = join(root, 'scripts', 'setup.mjs');
  if (!existsSync(setup)) return; // installed: everything is there
  const { ensureBuilt, ensurePackages } = await import(pathToFileURL(setup).href);
  const serves = ownArgs.includes('serve') && !ownArgs.includes('--help');
  const needsAll = serves || ownArgs.includes('bench') || !existsSync(join(root, 'node_modules'));
  if (needsAll) ensurePackages();
  if (serves || ownArgs.includes('bench'))
    ensureBuilt('pages', ['renderer', 'shared'], 'build:renderer');
}

/** Node runs no TypeScript from inside node_modules: there, and where there is no source, the bundle. */
function program() {
  const source = join(root, 'main', 'cli', 'domus.ts');
  const isInstalled = root.split(sep).includes('node_modules');
  return isInstalled || !existsSync(source) ? join(root, 'dist', 'main', 'cli.js') : source;
}

/** The same process group: Ctrl-C reaches the child by itself, and this one waits for its end. */
function runOn(node) {
  const child = spawn(node, [program(), ...args], { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', fail);
  child.on('exit', (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
}

function fail(error) {
  const { message } = error;
  if (ownArgs.includes('--json'))
    console.log(JSON.stringify({ code: 'launcher.failed', message, data: {} }));
  else console.error(`domus: ${message}`);
  process.exit(1);
}

try {
  await setUp();
  const node = lockedNode();
  if (node === null || node === process.execPath) {
    process.argv[1] = program();
    await import(pathToFileURL(program()).href);
  } else {
    runOn(node);
  }
} catch (error) {
  fail(error);
}
