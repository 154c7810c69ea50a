/** The end of the desktop program although a thread of its stands in a folder that does not answer. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../testing/shell-program.ts', import.meta.url));
let folder: string;
let program: ChildProcess | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'domus-stuck-'));
});
afterEach(() => {
  program?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The program, when its window shows and its site answers. */
async function start(): Promise<ChildProcess> {
  const pages = join(folder, 'pages');
  mkdirSync(pages, { recursive: true });
  writeFileSync(join(pages, 'index.html'), '<title>Domus</title>');
  const started = spawn(process.execPath, [PROGRAM, join(folder, 'home'), pages], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  program = started;
  const [line] = (await once(started.stdout, 'data')) as [Buffer];
  expect(line.toString()).toBe('ready\n');
  return started;
}

/** A pool with a statement that is a pipe: who opens it to read stands until somebody writes. */
async function addSilentPool(): Promise<{ fault: string }> {
  const path = join(folder, 'nas');
  mkdirSync(join(path, '.domus'), { recursive: true });
  writeFileSync(join(path, 'a'), '');
  execFileSync('mkfifo', [join(path, '.domus', 'a.json')]);
  const { url, token } = JSON.parse(readFileSync(join(folder, 'home', 'daemon.json'), 'utf8')) as {
    url: string;
    token: string;
  };
  const answer = await fetch(`${url}/api/pools`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'nas', kind: 'shared', path }),
  });
  return (await answer.json()) as { fault: string };
}

it('exits by itself when every thread ends', async () => {
  const started = await start();
  started.kill('SIGTERM');
  expect(await once(started, 'exit')).toEqual([0, null]);
});

it('is ended by force when one does not, with everything written down', async () => {
  const started = await start();
  expect((await addSilentPool()).fault).toContain('does not answer');
  started.kill('SIGTERM');
  expect(await once(started, 'exit')).toEqual([null, 'SIGKILL']);
  const log = readFileSync(join(folder, 'home', 'log', 'domus.log'), 'utf8');
  expect(log).toMatch(/site.*closed/);
});
