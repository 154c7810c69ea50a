/** `migrate-scale`: whether the time that an idle guest stands still when it moves grows with its memory. */
import type { BenchParameters, Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { median, round } from '../statistics/statistics.ts';
import { Daemon } from '../subject/daemon.ts';
import { addOtherHost, MovingDomain } from '../subject/moving-domain.ts';
import { delay } from '../measure/delay.ts';

const SIZES_MIB = [64, 512] as const;
const HOST_MIB = 768;
const RUNS = 12;
/** Between two moves: what a guest does after one is not part of the next. */
const REST_MS = 1000;

/** By the number in `SIZES_MIB`, of each round. */
type Downtimes = [number[], number[]];

export async function migrateScale(
  progress: (message: string) => void,
  { runs = RUNS }: BenchParameters,
): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  await addOtherHost(daemon, HOST_MIB);
  const domains: MovingDomain[] = [];
  for (const memoryMiB of SIZES_MIB) {
    progress(`starting a domain of ${memoryMiB} MiB`);
    const wanted = { name: `mover-${memoryMiB}`, memoryMiB, maxMemoryMiB: memoryMiB };
    const moving = resources.use(await MovingDomain.create(daemon, wanted));
    await GuestShell.answers(moving.domain);
    domains.push(moving);
  }
  const downtimes: Downtimes = [[], []];
  // The first of each is not counted.
  for (let run = 0; run <= runs; run++) {
    progress(`round ${run} of ${runs}`);
    const order = run % 2 === 0 ? [0, 1] : [1, 0];
    for (const index of order) {
      await delay(REST_MS);
      const { downtimeMs } = await domains[index]!.move();
      if (run > 0) downtimes[index]!.push(downtimeMs);
    }
  }
  return result(downtimes);
}

function result([small, large]: Downtimes): Measurement {
  const growth = median(large.map((ms, index) => ms / small[index]!));
  const rounded = (times: readonly number[]): number[] => times.map((ms) => round(ms, 2));
  return {
    figures: { downtime_growth: round(growth, 3) },
    detail: {
      small: { memory_mib: SIZES_MIB[0], downtime_ms: rounded(small) },
      large: { memory_mib: SIZES_MIB[1], downtime_ms: rounded(large) },
    },
    notes: [],
  };
}
