/**
 * `log-dirty`: what it costs a guest that works to have its written pages logged. Each work is done by the same
 * domain in turns, alone and while a move copies it, so slowly that the copying itself is nothing.
 */
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { WORKLOADS } from '../guest/workloads.ts';
import { compare } from '../measure/compare.ts';
import { delay } from '../measure/delay.ts';
import { interleave } from '../measure/interleave.ts';
import type { Contestant } from '../measure/interleave.ts';
import { MachineError } from '../peers/machine.ts';
import { round } from '../statistics/statistics.ts';
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

export async function logDirty(progress: (message: string) => void): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  await addOtherHost(daemon, HOST_MIB);
  progress('starting the domain');
  const wanted = { name: NAME, memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB };
  const domain = resources.use(await DomusDomain.create(daemon, wanted));
  const alone: Contestant = { machine: domain, shell: await GuestShell.open(domain) };
  await domain.pause();
  const samples = await interleave([alone, whileLogged(daemon, alone)], {
    workloads: WORKLOADS.map(({ name, command }) => ({ name, command: repeated(command) })),
    warmUpRounds: WARM_UP_ROUNDS,
    rounds: ROUNDS,
    progress,
  });
  const { overall, worst, workloads } = compare([samples], NAME, domain.name);
  return {
    figures: { slowdown: round(overall, 4), worst_slowdown: round(worst, 4) },
    detail: { rounds: ROUNDS, workloads },
    notes: [],
  };
}

/** The same domain, with a move that begins before each work and is cancelled after it. */
function whileLogged({ site }: Daemon, { machine, shell }: Contestant): Contestant {
  const rate = { minRateBytesPerSecond: BYTES_PER_SECOND, maxRateBytesPerSecond: BYTES_PER_SECOND };
  let move: string | null = null;
  const logged: Contestant['machine'] = {
    name: NAME,
    pid: machine.pid,
    onOutput: (listener) => machine.onOutput(listener),
    write: (bytes) => machine.write(bytes),
    resume: async () => {
      await machine.resume();
      const { id } = await site.domains.migrate({ domain: NAME, host: OTHER_HOST, ...rate });
      move = id;
      for await (const { detail } of await site.tasks.follow({ id })) {
        if (detail?.startsWith('copying')) break;
      }
      await delay(SETTLE_MS);
    },
    pause: async () => {
      if (move !== null) await cancel(site, move);
      move = null;
      await machine.pause();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { machine: logged, shell };
}

async function cancel({ tasks }: Daemon['site'], id: string): Promise<void> {
  await tasks.cancel({ id });
  const { state } = await tasks.wait({ id });
  if (state !== 'cancelled') throw new MachineError(`${NAME}: its move was over before the work`);
}

function repeated(command: string): string {
  return `times=0; while [ $times -lt ${TIMES} ]; do ${command}; times=$((times+1)); done`;
}
