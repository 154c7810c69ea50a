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

/**
 * What is missing in a clone: packages for every command, pages and the built program for the daemon
 * and the benchmarks.
 *
 * @returns the file to run: the bundle where Domus is installed and for a daemon, else the source
 */
async function setUp() {
  const source = join(root, 'main', 'cli', 'domus.ts');
  const setup = join(root, 'scripts', 'setup.mjs');
  // Node runs no TypeScript from inside node_modules.
  const isInstalled = root.split(sep).includes('node_modules');
  if (isInstalled || !existsSync(source) || !existsSync(setup))
    return join(root, 'dist', 'main', 'cli.js');
  const { ensureBuilt, ensurePackages, ensureProgram } = await import(pathToFileURL(setup).href);
  const wantsHelp = ownArgs.includes('--help');
  const serves = ownArgs.includes('serve') && !wantsHelp;
  const measures = ownArgs.includes('bench') && !wantsHelp;
  if (serves || measures || !existsSync(join(root, 'node_modules'))) ensurePackages();
  if (!serves && !measures) return source;
  ensureBuilt('pages', ['renderer', 'shared'], 'build:renderer');
  const built = ensureProgram();
  process.env.DOMUS_PROGRAM = built; // what a benchmark starts
  return serves ? built : source;
}

/** The same process group: Ctrl-C reaches the child by itself, and this one waits for its end. */
function runOn(node, program) {
  const child = spawn(node, [program, ...args], { stdio: 'inherit' });
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

// glibc keeps large blocks that were freed, for good, once it has seen a few: hundreds of megabytes
// after snapshots were loaded. With a fixed threshold they go back to the system. For what is started
// from here on: it is read when a process begins.
process.env.MALLOC_MMAP_THRESHOLD_ ??= '131072';

try {
  const program = await setUp();
  const node = lockedNode();
  if (node === null || node === process.execPath) {
    process.argv[1] = program;
    await import(pathToFileURL(program).href);
  } else {
    runOn(node, program);
  }
} catch (error) {
  fail(error);
}
