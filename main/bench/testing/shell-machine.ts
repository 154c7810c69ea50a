/**
 * A machine whose guest is a real shell of this computer on a terminal of its own: it reads
 * commands as a guest's does. Needs `script` of util-linux.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Machine } from '../peers/machine.ts';

export class ShellMachine implements Machine {
  readonly name = 'shell';
  private readonly child: ChildProcessWithoutNullStreams;

  constructor() {
    const env = { ...process.env, PS1: 'guest# ' };
    this.child = spawn('script', ['-qfc', 'sh', '/dev/null'], { env });
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
