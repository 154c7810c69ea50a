/**
 * What a guest does while it is moved, and what it answers to somebody outside: an echo of single
 * datagrams for a probe, always; besides, by workload, nothing, web pages, or writes to a quarter of
 * its memory, each of which it tells by a datagram.
 */
import { MachineError } from '../peers/machine.ts';
import type { GuestShell } from './guest-shell.ts';

export const MOVING_WORK = ['idle', 'web', 'dirty'] as const;
export type MovingWork = (typeof MOVING_WORK)[number];

/** Ports of the guest. */
export const GUEST_PORTS = { echo: 7, beat: 9, web: 80 } as const;
/** The page that is asked for: incompressible, in memory. */
export const PAGE = { path: '/page', bytes: 4096 } as const;
/** Of 128 MiB a quarter. */
const WRITTEN_MIB = 32;
/** Written at a time; after each a beat. */
export const BEAT_MIB = 4;
const BEATS = WRITTEN_MIB / BEAT_MIB;

const FOLDER = '/dev/shm';
const WRITE = `dd if=${FOLDER}/source of=${FOLDER}/written bs=1M count=${BEAT_MIB} conv=notrunc`;
const DIRTY = [
  '#!/bin/sh',
  `while :; do i=0; while [ $i -lt ${BEATS} ]; do ${WRITE} seek=$((i*${BEAT_MIB})) 2>/dev/null; echo; i=$((i+1)); done; done`,
];
/** What the kernel has to say about the machine is not mixed with what commands print. */
export const QUIET_KERNEL = 'dmesg -n 1';
/** Talks to the first who asks, and to nobody else: who asks keeps its address. */
const serve = (port: number, program: string): string =>
  `nc -u -l -p ${port} -e ${program} </dev/null >/dev/null 2>&1 &`;

/** Answers every datagram with the same. */
export function startEcho(shell: GuestShell): Promise<void> {
  return runAll(shell, [QUIET_KERNEL, serve(GUEST_PORTS.echo, '/bin/cat')]);
}

/** Until {@link stopWork}. `dirty` begins when a first datagram asks for its beats. */
export function startWork(shell: GuestShell, work: MovingWork): Promise<void> {
  switch (work) {
    case 'idle':
      return Promise.resolve();
    case 'web':
      return runAll(shell, [
        `mkdir -p ${FOLDER}/www`,
        `head -c ${PAGE.bytes} /dev/urandom >${FOLDER}/www${PAGE.path}`,
        `httpd -p ${GUEST_PORTS.web} -h ${FOLDER}/www`,
      ]);
    case 'dirty':
      return runAll(shell, [
        `head -c ${BEAT_MIB << 20} /dev/urandom >${FOLDER}/source`,
        `printf '%s\\n' ${DIRTY.map((line) => `'${line}'`).join(' ')} >/tmp/dirty; chmod +x /tmp/dirty`,
        serve(GUEST_PORTS.beat, '/tmp/dirty'),
      ]);
  }
}

export function stopWork(shell: GuestShell, work: MovingWork): Promise<void> {
  switch (work) {
    case 'idle':
      return Promise.resolve();
    case 'web':
      return runAll(shell, ['killall httpd', `rm -r ${FOLDER}/www`]);
    case 'dirty':
      return runAll(shell, ['killall dirty', `rm ${FOLDER}/source ${FOLDER}/written`]);
  }
}

/** Of all that the kernel manages. KiB. */
export async function freeKiB(shell: GuestShell): Promise<number> {
  const { output } = await shell.run("sed -n 's/^MemFree: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo");
  const kib = Number(output);
  if (!(kib > 0)) throw new MachineError(`the guest tells no free memory: ${output}`);
  return kib;
}

async function runAll(shell: GuestShell, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const { status, output } = await shell.run(command);
    if (status !== 0) throw new MachineError(`"${command}" failed (${status}): ${output}`);
  }
}
