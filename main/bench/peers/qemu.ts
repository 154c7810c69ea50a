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

  /** @param devices words that add devices, with the drivers that its initial RAM disk has */
  constructor(files: BootFiles, memoryMiB: number, devices: readonly string[] = []) {
    super(PROGRAM, [
      ...['-accel', 'tcg', '-m', `${memoryMiB}`, '-smp', '1', '-nodefaults', '-display', 'none'],
      ...['-serial', 'stdio', '-no-reboot', '-kernel', files.kernel, '-initrd', files.initrd],
      ...['-append', files.commandLine, ...devices],
    ]);
  }
}

/** A virtio disk over a raw file: through the machine's cache of files, flushes to its medium. */
export function virtioDisk(path: string): string[] {
  const drive = `file=${path},format=raw,if=none,id=disk,cache=writeback,aio=threads`;
  return ['-drive', drive, '-device', 'virtio-blk-pci,drive=disk'];
}

/** A virtio network card; two that name each other's sockets are on one cable. */
export function virtioNetwork(mac: string, own: string, other: string): string[] {
  const addresses = `local.type=unix,local.path=${own},remote.type=unix,remote.path=${other}`;
  return [
    ...['-netdev', `dgram,id=net,${addresses}`],
    ...['-device', `virtio-net-pci,netdev=net,mac=${mac},romfile=`],
  ];
}
