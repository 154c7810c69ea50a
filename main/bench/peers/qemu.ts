/** QEMU's own emulator (TCG) as a machine to measure beside ours, where Debian's package is. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { BootFiles, Machine } from './machine.ts';

const PROGRAM = 'qemu-system-i386';

/** Its version, or null where it is not installed. */
export function qemuVersion(): string | null {
  const { status, stdout } = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/version (\S+)/.exec(stdout)?.[1] ?? 'unknown') : null;
}

export class Qemu implements Machine {
  readonly name = 'qemu';
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;

  constructor(files: BootFiles, memoryMiB: number) {
    const args = [
      ...['-accel', 'tcg', '-m', `${memoryMiB}`, '-smp', '1', '-nodefaults', '-display', 'none'],
      ...['-serial', 'stdio', '-no-reboot', '-kernel', files.kernel, '-initrd', files.initrd],
      ...['-append', files.commandLine],
    ];
    this.child = spawn(PROGRAM, args, { stdio: ['pipe', 'pipe', 'inherit'] });
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
