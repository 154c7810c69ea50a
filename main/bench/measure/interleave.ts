/**
 * Timing the same work on several machines of one noisy host: in turns, one machine at a time with
 * the others standing still, the order reversed every round, so that a slow moment and a drift hit
 * all alike. What is compared is always two neighbours in time.
 */
import { loadavg } from 'node:os';
import type { GuestShell } from '../guest/guest-shell.ts';
import type { Workload } from '../guest/workloads.ts';
import type { Machine } from '../peers/machine.ts';
import { MachineError } from '../peers/machine.ts';
import { processCpuMs } from './process-cpu.ts';

export interface Contestant {
  machine: Machine;
  shell: GuestShell;
}

export interface Timing {
  /** By the host's clock, ms: the figure. */
  wallMs: number;
  /** Processor time of all threads of the machine's process, ms: what other load cannot change. */
  cpuMs: number;
}

/** `samples[workload][machine name]`, one entry a round in the same order. */
export type Samples = Record<string, Record<string, Timing[]>>;

export interface InterleaveOptions {
  workloads: readonly Workload[];
  /** Rounds that are not counted: generated code, caches and page tables settle. */
  warmUpRounds: number;
  rounds: number;
  progress(message: string): void;
}

/** All machines must be paused; they are paused afterwards. */
export async function interleave(
  contestants: readonly Contestant[],
  { workloads, warmUpRounds, rounds, progress }: InterleaveOptions,
): Promise<Samples> {
  const samples: Samples = {};
  for (const { name } of workloads) {
    samples[name] = Object.fromEntries(contestants.map(({ machine }) => [machine.name, []]));
  }
  for (let round = -warmUpRounds; round < rounds; round++) {
    const order = round % 2 === 0 ? contestants : [...contestants].reverse();
    for (const workload of workloads) {
      for (const contestant of order) {
        const timing = await timeAlone(contestant, workload);
        if (round >= 0) samples[workload.name]![contestant.machine.name]!.push(timing);
      }
    }
    if (round < 0) progress(`warming up, ${-round} rounds to go`);
    else progress(`round ${round + 1} of ${rounds}, load ${loadavg()[0]!.toFixed(1)}`);
  }
  return samples;
}

async function timeAlone({ machine, shell }: Contestant, workload: Workload): Promise<Timing> {
  await machine.resume();
  // What the guest does after it stood still, it does before the clock runs.
  await shell.run('true');
  const cpuBefore = processCpuMs(machine.pid);
  const { tookMs, status, output } = await shell.run(workload.command);
  const cpuMs = processCpuMs(machine.pid) - cpuBefore;
  await machine.pause();
  if (status !== 0) {
    throw new MachineError(`${machine.name}: ${workload.name} failed (${status}): ${output}`);
  }
  return { wallMs: tookMs, cpuMs };
}
