/** A process of our own to be killed: it runs TypeScript that is given as text. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Runs `source` as a module in `folder`; settles once it printed `ready`. */
export async function startChild(folder: string, source: string): Promise<ChildProcess> {
  const file = join(folder, `child-${Math.random().toString(36).slice(2)}.ts`);
  writeFileSync(file, source);
  const child = spawn(process.execPath, ['--no-warnings', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes('ready')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the child ended early (${code}): ${printed}`)));
  });
  return child;
}

/** `kill -9`, and its end. */
export async function killChild(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
