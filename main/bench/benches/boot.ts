/** `boot`: from the request to a prompt that answers, by clone and by cold boot, on a busy site. */
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { median, p95, round } from '../statistics/statistics.ts';
import { Daemon } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const BACKGROUND_DOMAINS = 20;
const BACKGROUND_MIB = 128;
const SIZES_MIB = [64, 128, 256];
const HOST_MIB = 4096;
const ROUNDS = 2;
/** Of each size, a round; a cold boot of each size between them. */
const CLONES = 4;

type Kind = 'clone' | 'cold';

interface Start {
  kind: Kind;
  memoryMiB: number;
  seconds: number;
}

export async function boot(progress: (message: string) => void): Promise<Measurement> {
  await using daemon = await Daemon.start(HOST_MIB);
  progress('preparing a snapshot for each memory size');
  for (const memoryMiB of SIZES_MIB) await timeStart(daemon, 'clone', memoryMiB);
  for (let number = 1; number <= BACKGROUND_DOMAINS; number++) {
    progress(`starting domain ${number} of ${BACKGROUND_DOMAINS} in the background`);
    const domain = await DomusDomain.create(daemon, {
      name: `background-${number}`,
      memoryMiB: BACKGROUND_MIB,
      maxMemoryMiB: BACKGROUND_MIB,
    });
    domain.detach();
  }
  const starts: Start[] = [];
  for (let turn = 1; turn <= ROUNDS; turn++) {
    for (const memoryMiB of SIZES_MIB) {
      progress(`round ${turn} of ${ROUNDS}: ${memoryMiB} MiB`);
      for (let count = 0; count < CLONES; count++) {
        starts.push(await timeStart(daemon, 'clone', memoryMiB));
      }
      starts.push(await timeStart(daemon, 'cold', memoryMiB));
    }
  }
  return result(starts);
}

let lastNumber = 0;

/** Creates a domain, waits for its prompt, and takes it away again. */
async function timeStart(daemon: Daemon, kind: Kind, memoryMiB: number): Promise<Start> {
  const startMs = performance.now();
  await using domain = await DomusDomain.create(daemon, {
    name: `start-${++lastNumber}`,
    memoryMiB,
    maxMemoryMiB: memoryMiB,
    cold: kind === 'cold',
  });
  await GuestShell.answers(domain);
  return { kind, memoryMiB, seconds: (performance.now() - startMs) / 1000 };
}

function result(starts: readonly Start[]): Measurement {
  const seconds = (kind: Kind, size?: number): number[] =>
    starts
      .filter((start) => start.kind === kind && (size ?? start.memoryMiB) === start.memoryMiB)
      .map((start) => start.seconds);
  const clone = p95(seconds('clone'));
  const cold = p95(seconds('cold'));
  const bySize = SIZES_MIB.map((size) => ({
    memory_mib: size,
    clone_s_median: round(median(seconds('clone', size)), 3),
    clone_s: seconds('clone', size).map((time) => round(time, 3)),
    cold_s: seconds('cold', size).map((time) => round(time, 2)),
  }));
  return {
    figures: { clone_s: round(clone, 3), cold_s: round(cold, 2), ratio: round(clone / cold, 4) },
    detail: { domains_running: BACKGROUND_DOMAINS, by_size: bySize },
    notes: [],
  };
}
