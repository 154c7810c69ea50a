/**
 * Work that finds out by itself when something of it is not as it must be: data in memory and on a
 * disk with their checksums, and a TCP stream of numbers to another guest. It goes on until it is
 * ended, and counts its passes: work that stands still has checked nothing.
 */
import { MachineError } from '../peers/machine.ts';
import type { GuestShell } from './guest-shell.ts';
import { QUIET_KERNEL } from './moving-work.ts';

export const STREAM_PORT = 5001;
export const ECHO_PORT = 5000;
const ERRORS = '/tmp/errors';
const MEMORY = '/dev/shm/kept';
const MEMORY_FILES = 6;
const MOUNT = '/mnt';
const DISK = '/dev/xvda';
const DISK_FILES = 8;
const KERNEL_COMPLAINTS =
  'Oops|BUG:|Call Trace|I/O error|EXT[24]-fs error|blocked for more|Out of memory';

const passed = (work: string): string => `n=$((n+1)); echo $n >/tmp/passes.${work}`;
const failed = (work: string): string => `echo "${work}: pass $n" >>${ERRORS}`;
/** Each a program of its own, so that it can be ended by its name. */
const PROGRAMS = {
  /** Checks all of it, then gives one file new content. */
  memory: [
    `mkdir -p ${MEMORY}; cd ${MEMORY}; n=0`,
    `fill() { head -c 2097152 /dev/urandom >$1; md5sum $1 >/tmp/sum.$1; }`,
    `while [ $n -lt ${MEMORY_FILES} ]; do fill $n; n=$((n+1)); done; n=0`,
    `while :; do cat /tmp/sum.* | md5sum -c -s || ${failed('memory')}`,
    `fill $((n % ${MEMORY_FILES})); ${passed('memory')}; done`,
  ],
  /** Reads from the disk, not from the cache, what it wrote. */
  disk: [
    `cd ${MOUNT}; n=0; while :; do f=$((n % ${DISK_FILES}))`,
    'head -c 1048576 /dev/urandom >/dev/shm/wanted; md5sum </dev/shm/wanted >/tmp/disk-sum.$f',
    `cp /dev/shm/wanted file$f && sync && echo 1 >/proc/sys/vm/drop_caches || ${failed('disk')}`,
    `[ "$(md5sum <file$f)" = "$(cat /tmp/disk-sum.$f)" ] || ${failed('disk')}`,
    `${passed('disk')}; done`,
  ],
  send: ['n=0; while :; do echo $n; n=$((n+1)); [ $((n % 50)) = 0 ] && usleep 20000; done'],
  receive: [
    'n=0; while read -r number; do',
    `[ "$number" = $n ] || { ${failed('stream')}; n=$number; }`,
    `n=$((n+1)); [ $((n % 50)) = 0 ] && echo $n >/tmp/passes.stream; done`,
    'echo "stream: it ended" >>/tmp/errors',
  ],
} as const;

/** Makes the file system, and starts what needs no other guest. */
export async function startChecks(shell: GuestShell): Promise<void> {
  const write = Object.entries(PROGRAMS).map(([name, lines]) => {
    const words = ['#!/bin/sh', ...lines].map((line) => `'${line}'`).join(' ');
    return `printf '%s\\n' ${words} >/tmp/${name}; chmod +x /tmp/${name}`;
  });
  await runAll(shell, [
    QUIET_KERNEL,
    ...write,
    `: >${ERRORS}; modprobe ext4; mke2fs ${DISK} >/dev/null 2>&1 && mount -t ext2 ${DISK} ${MOUNT}`,
    ...['/tmp/memory', '/tmp/disk'].map(inBackground),
    inBackground(`nc -l -p ${ECHO_PORT} -e /bin/cat`),
    inBackground(`nc -l -p ${STREAM_PORT} -e /tmp/receive`),
    listening(ECHO_PORT),
    listening(STREAM_PORT),
  ]);
}

/** Sends numbers to another guest, which listens already. */
export async function startStream(shell: GuestShell, address: string): Promise<void> {
  await runAll(shell, [inBackground(`nc ${address} ${STREAM_PORT} -e /tmp/send`)]);
}

/** Of each work that checks, how often it did. */
export async function passes(shell: GuestShell): Promise<Record<string, number>> {
  const { output } = await shell.run("grep -H '' /tmp/passes.*");
  return Object.fromEntries(
    [...output.matchAll(/passes\.(\w+):(\d+)/g)].map(([, work, count]) => [work!, Number(count)]),
  );
}

/** What went wrong, a line each. Ends the work, and reads once more what is on the disk. */
export async function endChecks(shell: GuestShell): Promise<string[]> {
  const again = `mount -t ext2 -o ro ${DISK} ${MOUNT} && for sum in /tmp/disk-sum.*; do f=\${sum##*.}; [ "$(md5sum <${MOUNT}/file$f)" = "$(cat $sum)" ] || echo "disk: file $f at the end" >>${ERRORS}; done`;
  await shell.run('killall disk memory receive send cat nc 2>/dev/null');
  // What was cut off in the middle of a pass is whatever it is; so is the file that it was at.
  const last = `n=$(cat /tmp/passes.disk); rm -f /tmp/disk-sum.$((n % ${DISK_FILES}))`;
  await shell.run(last);
  await runAll(shell, [`until umount ${MOUNT} 2>/dev/null; do usleep 100000; done`, again]);
  await runAll(shell, [`umount ${MOUNT}`]);
  const { output } = await shell.run(
    `grep -v 'it ended' ${ERRORS}; dmesg | grep -E '${KERNEL_COMPLAINTS}'`,
  );
  return output.split('\n').filter((line) => line !== '');
}

/** Ends when a program does, as the kernel has it: state 0A. */
const listening = (port: number): string =>
  `until cat /proc/net/tcp* | grep -qi ':${port.toString(16)} [0:]* 0A'; do usleep 50000; done`;

const inBackground = (command: string): string => `${command} </dev/null >/dev/null 2>&1 &`;

async function runAll(shell: GuestShell, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const { status, output } = await shell.run(command);
    if (status !== 0) throw new MachineError(`"${command}" failed (${status}): ${output}`);
  }
}
