#!/usr/bin/env node
// The `domus` command for any Node from 20 on: finds the Node it runs on (24, locked by the package)
// and its program. In a project folder that is the source; where Domus is installed, the bundle.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'main', 'cli', 'domus.ts');
const inProject = existsSync(source);
const program = inProject ? source : join(root, 'dist', 'main', 'cli.js');
const words = process.argv.slice(2);

/** Commands that run domains themselves bring what they need; the others only talk to a daemon. */
async function setUp() {
  const { ensureBuilt, ensurePackages } = await import('./setup.mjs');
  ensurePackages();
  if (!words.includes('--help')) ensureBuilt('pages', ['renderer', 'shared'], 'build:renderer');
}

/** The path of Node 24. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const name = `node-linux-${process.arch}`;
  try {
    const found = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return join(dirname(found), 'bin', 'node');
  } catch {
    throw new Error(
      `domus runs on Node 24; this is Node ${process.versions.node}, and the package ${name} that ` +
        `brings it is not installed (it exists for Linux on x64 and arm64): install Node 24`,
    );
  }
}

/** As if this process were it: terminal, signals and exit status are passed on. */
function become(node) {
  const child = spawn(node, [program, ...words], { stdio: 'inherit' });
  // Ctrl-C reaches the child from the terminal itself.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (status, signal) => {
    if (signal === null) process.exit(status);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

try {
  const runsDomains = words.includes('serve') || words.includes('bench');
  if (inProject && (runsDomains || !existsSync(join(root, 'node_modules')))) await setUp();
  const node = findNode();
  if (node === process.execPath) {
    process.argv[1] = program;
    await import(pathToFileURL(program).href);
  } else {
    become(node);
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  if (words.includes('--json')) {
    console.log(JSON.stringify({ code: 'setup.failed', message, data: {} }));
  } else {
    console.error(`domus: ${message}`);
  }
  process.exitCode = 1;
}
