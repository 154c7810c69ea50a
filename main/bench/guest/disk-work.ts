/**
 * What `disk` does inside guests, on one disk of 64 MiB: a file system over its start, then sectors
 * that are read and written as they are.
 *
 * All data goes by direct I/O, so that the guest's cache of files takes no part. Random reads are
 * those of one program that reads a file in order whose blocks lie anywhere: no program start and
 * no shell stands between two reads. Synchronous writes are those to a file system mounted `sync`:
 * each is done when the disk has answered a flush.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { MachineError } from '../peers/machine.ts';
import type { GuestShell } from './guest-shell.ts';
import { BLOCK_BYTES, writeExt2 } from './ext2-image.ts';

const MIB = 2 ** 20;
export const DISK_MIB = 64;
const FILE_SYSTEM_MIB = 32;
const RAW_MIB = DISK_MIB - FILE_SYSTEM_MIB;
/** Small enough that a guest of 128 MiB can hold it. */
const SOURCE_MIB = 16;
const SCATTERED_BLOCKS = 4096;
const LOG_BLOCKS = 256;
const MOUNT = '/mnt';
const SOURCE = '/dev/shm/source';

export type DiskWork = 'seq_read' | 'seq_write' | 'rand_read' | 'fsync';
export const DISK_WORK: readonly DiskWork[] = ['seq_read', 'seq_write', 'rand_read', 'fsync'];

/** Writes the disk's first content: random, so that nothing is taken for a hole. */
export async function writeDiskImage(path: string): Promise<void> {
  const image = randomBytes(DISK_MIB * MIB);
  writeExt2(image.subarray(0, FILE_SYSTEM_MIB * MIB), [
    { name: 'log', blocks: LOG_BLOCKS, layout: 'contiguous' },
    { name: 'scattered', blocks: SCATTERED_BLOCKS, layout: 'scattered' },
  ]);
  await writeFile(path, image);
}

/**
 * Waits for the disk `device` (`sda`), and puts in place what the work needs. No disk has a scheduler:
 * the image's own choice for PV disks, and here for all, so that no difference comes of it.
 *
 * @param drivers of the disk; nothing in the image looks for cards that were there at boot
 */
export async function prepareDisk(
  shell: GuestShell,
  device: string,
  drivers: readonly string[],
): Promise<void> {
  const wait = `until [ -b /dev/${device} ]; do sleep 0.1; done`;
  const fill = `dd if=/dev/${device} of=${SOURCE} bs=1M count=${SOURCE_MIB} skip=${FILE_SYSTEM_MIB}`;
  const mount = `mount -t ext2 -o sync /dev/${device} ${MOUNT}`;
  const load = `modprobe -a ext4 ${drivers.join(' ')}`;
  await runAll(shell, [load, wait, withoutScheduler(device), `${fill} 2>/dev/null`, mount]);
}

/**
 * Makes the kernel's two disks that cost nothing: its RAM disk, as large as `device`, which it is
 * filled from, and its null device, which answers each request where it is made.
 */
export async function makeIdealDisks(
  shell: GuestShell,
  device: string,
  drivers: readonly string[],
): Promise<{ forFiles: string; sequential: string }> {
  const load = `modprobe -a ${drivers.join(' ')} && modprobe brd rd_nr=1 rd_size=${DISK_MIB * 1024}`;
  const loadNull = 'modprobe null_blk nr_devices=1 gb=1 queue_mode=2 irqmode=0';
  const wait = `until [ -b /dev/${device} ] && [ -b /dev/ram0 ] && [ -b /dev/nullb0 ]; do sleep 0.1; done`;
  const fill = `dd if=/dev/${device} of=/dev/ram0 bs=1M iflag=direct oflag=direct 2>/dev/null`;
  await runAll(shell, [load, loadNull, wait, withoutScheduler('nullb0'), fill]);
  return { forFiles: 'ram0', sequential: 'nullb0' };
}

/** The kernel's RAM disk has no queue that could have one. */
function withoutScheduler(device: string): string {
  const file = `/sys/block/${device}/queue/scheduler`;
  return `! grep -q none ${file} || echo none > ${file}`;
}

async function runAll(shell: GuestShell, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const { status, output } = await shell.run(command);
    if (status !== 0) throw new MachineError(`"${command}" failed (${status}): ${output}`);
  }
}

/** One line of shell, and the operations and bytes that it does. */
export interface DiskCommand {
  command: string;
  operations: number;
  bytes: number;
}

/** @param passes how often the whole is done: the time must be long against the terminal's delay */
export function diskCommand(work: DiskWork, device: string, passes: number): DiskCommand {
  const [one, operations, operationBytes] = onePass(work, `/dev/${device}`);
  const loop = `i=0; while [ $i -lt ${passes} ]; do ${one} 2>/dev/null || break; i=$((i+1)); done`;
  return {
    command: `${loop}; [ $i = ${passes} ]`,
    operations: operations * passes,
    bytes: operations * operationBytes * passes,
  };
}

function onePass(work: DiskWork, disk: string): [command: string, count: number, bytes: number] {
  const raw = `bs=1M count=${RAW_MIB}`;
  switch (work) {
    case 'seq_read':
      return [
        `dd if=${disk} of=/dev/null ${raw} skip=${FILE_SYSTEM_MIB} iflag=direct`,
        RAW_MIB,
        MIB,
      ];
    case 'seq_write': {
      const write = `dd if=${SOURCE} of=${disk} bs=1M seek=${FILE_SYSTEM_MIB} conv=notrunc oflag=direct`;
      return [write, SOURCE_MIB, MIB];
    }
    case 'rand_read': {
      const read = `dd if=${MOUNT}/scattered of=/dev/null bs=4k iflag=direct`;
      return [read, SCATTERED_BLOCKS, BLOCK_BYTES];
    }
    case 'fsync': {
      const write = `dd if=${SOURCE} of=${MOUNT}/log bs=4k count=${LOG_BLOCKS} conv=notrunc`;
      return [write, LOG_BLOCKS, BLOCK_BYTES];
    }
  }
}
