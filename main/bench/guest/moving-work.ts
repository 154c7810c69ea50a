/**
 * What a guest does while it is moved, and what it answers to somebody outside: an echo of single
 * datagrams for a probe, always; besides, by workload, nothing, web pages, or writes to a quarter of
 * its memory, each of which it tells by a datagram.
 */
import { MachineError } from '../peers/machine.ts';
import { echoProgram, writerProgram } from './datagram-programs.ts';
import type { GuestShell } from './guest-shell.ts';
import { backlogProgram } from './listen-program.ts';

export const MOVING_WORK = ['idle', 'web', 'dirty'] as const;
export type MovingWork = (typeof MOVING_WORK)[number];

/** Ports of the guest. */
export const GUEST_PORTS = { echo: 7, beat: 9, web: 80 } as const;
/** The page that is asked for: incompressible, in memory. */
export const PAGE = { path: '/page', bytes: 4096 } as const;
/**
 * Connections that wait for the server, as with web servers (Apache's and nginx's default). busybox asks
 * for nine, which at half load is less than 0.1 s: what it refuses itself would count as lost.
 */
const BACKLOG = 511;
/** Of 128 MiB a quarter. */
const WRITTEN_MIB = 32;
/** As many beats a pass: one for each part that was written. */
const PARTS = 8;
const DIRTY = writerProgram(GUEST_PORTS.beat, WRITTEN_MIB << 20, PARTS);

const FOLDER = '/dev/shm';
/** What the kernel has to say about the machine is not mixed with what commands print. */
export const QUIET_KERNEL = 'dmesg -n 1';
/** Writes a program of ours to the guest. */
const write = (name: string, program: Buffer): string =>
  `echo ${program.toString('base64')} | base64 -d >/tmp/${name}; chmod +x /tmp/${name}`;
const start = (name: string, program: Buffer): string =>
  `${write(name, program)}; /tmp/${name} </dev/null >/dev/null 2>&1 &`;

/** Answers every datagram with the same. */
export function startEcho(shell: GuestShell): Promise<void> {
  return runAll(shell, [QUIET_KERNEL, start('echo', echoProgram(GUEST_PORTS.echo))]);
}

/** Until {@link stopWork}. `dirty` begins when a first datagram asks for its beats. */
export function startWork(shell: GuestShell, work: MovingWork): Promise<void> {
  switch (work) {
    case 'idle':
      return Promise.resolve();
    case 'web':
      return startWeb(shell);
    case 'dirty':
      return runAll(shell, [start('dirty', DIRTY)]);
  }
}

async function startWeb(shell: GuestShell): Promise<void> {
  await runAll(shell, [
    `mkdir -p ${FOLDER}/www`,
    `head -c ${PAGE.bytes} /dev/urandom >${FOLDER}/www${PAGE.path}`,
    `httpd -p ${GUEST_PORTS.web} -h ${FOLDER}/www`,
  ]);
  // It has one socket, the listening one.
  const { output } = await shell.run(
    'pid=$(pidof httpd); cd /proc/$pid/fd; for fd in *; do case $(readlink $fd) in socket:*) echo $pid $fd;; esac; done; cd',
  );
  const [pid, descriptor] = output.split(' ').map(Number);
  if (!pid || descriptor === undefined) {
    throw new MachineError(`the web server has not one listening socket: "${output}"`);
  }
  await runAll(shell, [write('backlog', backlogProgram(pid, descriptor, BACKLOG)), '/tmp/backlog']);
}

export function stopWork(shell: GuestShell, work: MovingWork): Promise<void> {
  switch (work) {
    case 'idle':
      return Promise.resolve();
    case 'web':
      return runAll(shell, ['killall httpd', `rm -r ${FOLDER}/www`]);
    case 'dirty':
      return runAll(shell, ['killall dirty']);
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
