/**
 * `cpu`: what the hypervisor costs a guest that computes. The same kernel, initial RAM disk, memory
 * and work in a Domus domain, on plain v86, and on QEMU's TCG where installed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { WORKLOADS } from '../guest/workloads.ts';
import { compare } from '../measure/compare.ts';
import type { Comparison } from '../measure/compare.ts';
import { interleave } from '../measure/interleave.ts';
import type { Contestant, Samples } from '../measure/interleave.ts';
import type { BootFiles } from '../peers/machine.ts';
import { PlainV86 } from '../peers/plain-v86.ts';
import { Qemu, qemuVersion } from '../peers/qemu.ts';
import { round } from '../statistics/statistics.ts';
import { bootFiles } from '../subject/boot-files.ts';
import { Daemon } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 1024;
/** New instances of both machines: each draws anew which code is compiled together. */
const DRAWS = 8;
/** Generated code settles within about four. */
const WARM_UP_ROUNDS = 5;
const ROUNDS = 6;

export async function cpu(progress: (message: string) => void): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  const files = await bootFiles(daemon);
  const folder = await mkdtemp(join(tmpdir(), 'domus-bench-v86-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const stateFile = join(folder, 'state');

  progress('booting the peers, and preparing the snapshot that domains are cloned from');
  await prepareV86(files, stateFile);
  await (await DomusDomain.create(daemon, domain('prepare')))[Symbol.asyncDispose]();
  const qemu = qemuVersion() === null ? null : resources.use(new Qemu(files, MEMORY_MIB));
  const others = qemu ? [await paused(qemu, await GuestShell.open(qemu))] : [];

  const draws: Samples[] = [];
  for (let draw = 1; draw <= DRAWS; draw++) {
    draws.push(
      await measureDraw(daemon, files, stateFile, others, (message) =>
        progress(`draw ${draw} of ${DRAWS}: ${message}`),
      ),
    );
  }
  return result(compare(draws, 'domus', 'v86'), qemu ? compare(draws, 'domus', 'qemu') : null);
}

async function prepareV86(files: BootFiles, stateFile: string): Promise<void> {
  await using v86 = new PlainV86(files, MEMORY_MIB);
  await GuestShell.open(v86);
  await v86.pause();
  await v86.save(stateFile);
}

async function measureDraw(
  daemon: Daemon,
  files: BootFiles,
  stateFile: string,
  others: readonly Contestant[],
  progress: (message: string) => void,
): Promise<Samples> {
  await using v86 = new PlainV86(files, MEMORY_MIB, stateFile);
  const peer = await paused(v86, await GuestShell.resume(v86));
  await using domus = await DomusDomain.create(daemon, domain('subject'));
  const subject = await paused(domus, await GuestShell.open(domus));
  return await interleave([subject, peer, ...others], {
    workloads: WORKLOADS,
    warmUpRounds: WARM_UP_ROUNDS,
    rounds: ROUNDS,
    progress,
  });
}

function domain(name: string): { name: string; memoryMiB: number; maxMemoryMiB: number } {
  return { name, memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB };
}

async function paused(machine: Contestant['machine'], shell: GuestShell): Promise<Contestant> {
  await machine.pause();
  return { machine, shell };
}

function result(v86: Comparison, qemu: Comparison | null): Measurement {
  return {
    figures: {
      overhead_ratio: round(v86.overall, 4),
      worst_ratio: round(v86.worst, 4),
      qemu_ratio: qemu && round(qemu.overall, 3),
      cpu_time_ratio: round(v86.cpuTime, 4),
    },
    detail: { draws: DRAWS, rounds: ROUNDS, v86: v86.workloads, qemu: qemu?.workloads ?? null },
    notes: qemu ? [] : ['QEMU is not installed (Debian: qemu-system-x86): no qemu_ratio.'],
  };
}
