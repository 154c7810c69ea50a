/** QEMU's own emulator (TCG) as a machine to measure beside ours, where Debian's package is. */
import { spawnSync } from 'node:child_process';
import type { BootFiles } from './machine.ts';
import { StdioMachine } from './stdio-machine.ts';

const PROGRAM = 'qemu-system-i386';

/** Its version, or null where it is not installed. */
export function qemuVersion(): string | null {
  const { status, stdout } = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/version (\S+)/.exec(stdout)?.[1] ?? 'unknown') : null;
}

export class Qemu extends StdioMachine {
  readonly name = 'qemu';

  constructor(files: BootFiles, memoryMiB: number) {
    super(PROGRAM, [
      ...['-accel', 'tcg', '-m', `${memoryMiB}`, '-smp', '1', '-nodefaults', '-display', 'none'],
      ...['-serial', 'stdio', '-no-reboot', '-kernel', files.kernel, '-initrd', files.initrd],
      ...['-append', files.commandLine],
    ]);
  }
}
