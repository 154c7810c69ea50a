/** A machine that is a child process, its terminal on the standard streams. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { endingWithUs } from '../own-process.ts';
import type { Machine } from './machine.ts';

export abstract class StdioMachine implements Machine {
  abstract readonly name: string;
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.child = spawn(...endingWithUs(program, args), { env, stdio: ['pipe', 'pipe', 'inherit'] });
  }

  get pid(): number {
    return this.child.pid!;
  }

  onOutput(listener: (bytes: Uint8Array) => void): void {
    this.child.stdout.removeAllListeners('data').on('data', listener);
  }

  write(bytes: Uint8Array): void {
    this.child.stdin.write(bytes);
  }

  pause(): Promise<void> {
    this.child.kill('SIGSTOP');
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.child.kill('SIGCONT');
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}
