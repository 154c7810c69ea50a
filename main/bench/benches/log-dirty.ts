/**
 * `log-dirty`: what it costs a guest that works to have its written pages logged. Each work is done twice in
 * turn by the same domain, alone and while a move copies it, so slowly that the copying itself is nothing.
 */
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { WORKLOADS } from '../guest/workloads.ts';
import type { Workload } from '../guest/workloads.ts';
import { delay } from '../measure/delay.ts';
import { MachineError } from '../peers/machine.ts';
import { geometricMean, median, round } from '../statistics/statistics.ts';
import { Daemon } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';
import { addOtherHost, OTHER_HOST } from '../subject/moving-domain.ts';

const NAME = 'logged';
const MEMORY_MIB = 128;
const HOST_MIB = 256;
/** The first round of a move takes half a minute at this rate, and no work as long. */
const BYTES_PER_SECOND = 1e6;
/** The target's thread is made ready beside it by then, which is not what is measured. */
const SETTLE_MS = 500;
/** About a second, as the rounds of a move take: each page's first write in a round is what costs. */
const TIMES = 6;
const WARM_UP_ROUNDS = 3;
const ROUNDS = 10;

interface Times {
  aloneMs: number[];
  loggedMs: number[];
}

export async function logDirty(progress: (message: string) => void): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  await addOtherHost(daemon, HOST_MIB);
  progress('starting the domain');
  const wanted = { name: NAME, memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB };
  const domain = resources.use(await DomusDomain.create(daemon, wanted));
  const shell = await GuestShell.open(domain);
  const times = new Map<string, Times>(
    WORKLOADS.map(({ name }) => [name, { aloneMs: [], loggedMs: [] }]),
  );
  for (let turn = -WARM_UP_ROUNDS; turn < ROUNDS; turn++) {
    progress(turn < 0 ? `warming up, ${-turn} rounds to go` : `round ${turn + 1} of ${ROUNDS}`);
    for (const workload of WORKLOADS) {
      const [aloneMs, loggedMs] = await both(daemon, shell, workload, turn % 2 === 0);
      if (turn < 0) continue;
      times.get(workload.name)!.aloneMs.push(aloneMs);
      times.get(workload.name)!.loggedMs.push(loggedMs);
    }
  }
  return result(times);
}

async function both(
  daemon: Daemon,
  shell: GuestShell,
  workload: Workload,
  aloneFirst: boolean,
): Promise<[aloneMs: number, loggedMs: number]> {
  if (aloneFirst) {
    const aloneMs = await timed(shell, workload);
    return [aloneMs, await whileLogged(daemon, () => timed(shell, workload))];
  }
  const loggedMs = await whileLogged(daemon, () => timed(shell, workload));
  return [await timed(shell, workload), loggedMs];
}

async function timed(shell: GuestShell, { name, command }: Workload): Promise<number> {
  await shell.run('true');
  const { tookMs, status, output } = await shell.run(repeated(command));
  if (status !== 0) throw new MachineError(`${NAME}: ${name} failed (${status}): ${output}`);
  return tookMs;
}

function repeated(command: string): string {
  return `times=0; while [ $times -lt ${TIMES} ]; do ${command}; times=$((times+1)); done`;
}

async function whileLogged<T>({ site }: Daemon, work: () => Promise<T>): Promise<T> {
  const rate = { minRateBytesPerSecond: BYTES_PER_SECOND, maxRateBytesPerSecond: BYTES_PER_SECOND };
  const { id } = await site.domains.migrate({ domain: NAME, host: OTHER_HOST, ...rate });
  for await (const { detail } of await site.tasks.follow({ id })) {
    if (detail?.startsWith('copying')) break;
  }
  await delay(SETTLE_MS);
  const done = await work();
  await site.tasks.cancel({ id });
  const { state } = await site.tasks.wait({ id });
  if (state !== 'cancelled') throw new MachineError(`${NAME}: its move was over before the work`);
  return done;
}

function result(times: ReadonlyMap<string, Times>): Measurement {
  const ratios = [...times].map(([name, { aloneMs, loggedMs }]) => {
    const ratio = median(loggedMs.map((ms, index) => ms / aloneMs[index]!));
    return { name, ratio, aloneMs: median(aloneMs), loggedMs: median(loggedMs) };
  });
  return {
    figures: {
      slowdown: round(geometricMean(ratios.map(({ ratio }) => ratio)), 4),
      worst_slowdown: round(Math.max(...ratios.map(({ ratio }) => ratio)), 4),
    },
    detail: Object.fromEntries(
      ratios.map(({ name, ratio, aloneMs, loggedMs }) => [
        name,
        { ratio: round(ratio, 4), alone_ms: round(aloneMs, 0), logged_ms: round(loggedMs, 0) },
      ]),
    ),
    notes: [],
  };
}
