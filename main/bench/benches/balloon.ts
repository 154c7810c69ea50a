/** `balloon`: how fast a guest gives memory back and takes it again, and whether all counts agree. */
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import {
  HIGH_RAM_START,
  LOW_RAM_END,
  memoryLayout,
} from '../../hypervisor/builder/memory-layout.ts';
import { delay } from '../measure/delay.ts';
import { median, round } from '../statistics/statistics.ts';
import { Daemon, HOST } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const LARGE_MIB = 256;
const SMALL_MIB = 96;
const HOST_MIB = 1024;
const CYCLES = 5;
const TOUCHED_MIB = 64;
const MOVE_TIMEOUT_MS = 60_000;
const POLL_MS = 5;
const CURRENT_KB = '/sys/devices/system/xen_memory/xen_memory0/info/current_kb';

/** Ways in which a guest allocates and touches memory it did not have; the faster one counts. */
const TOUCHES = {
  /** One process's own pages, by page faults. */
  anonymous: `dd if=/dev/zero of=/dev/null bs=${TOUCHED_MIB}M count=1 2>/dev/null`,
  /** Files in memory, by writing. */
  file: `dd if=/dev/zero of=/dev/shm/touched bs=64k count=${TOUCHED_MIB * 16} 2>/dev/null`,
};

interface Counts {
  guestKiB: number;
  domainKiB: number;
  hostFreeKiB: number;
}

export async function balloon(progress: (message: string) => void): Promise<Measurement> {
  await using daemon = await Daemon.start(HOST_MIB);
  await using domain = await DomusDomain.create(daemon, {
    name: 'balloon',
    memoryMiB: LARGE_MIB,
    maxMemoryMiB: LARGE_MIB,
  });
  const shell = await GuestShell.open(domain);
  const counts = [await count(daemon, domain, shell)];
  const rates = { shrink: [] as number[], grow: [] as number[], touch: [] as number[] };
  for (let cycle = 1; cycle <= CYCLES; cycle++) {
    progress(`cycle ${cycle} of ${CYCLES}`);
    rates.touch.push(await touchRate(shell));
    rates.shrink.push(await resize(daemon, domain, SMALL_MIB));
    counts.push(await count(daemon, domain, shell));
    rates.grow.push(await resize(daemon, domain, LARGE_MIB));
    counts.push(await count(daemon, domain, shell));
  }
  return result(rates, counts);
}

/**
 * What the kernel has and does not count as its memory: the special pages at the top, the hole
 * below 1 MiB, and page 0, which Linux takes for the BIOS's.
 */
function uncountedKiB(): number {
  const { ramBytes, highRamEnd } = memoryLayout(LARGE_MIB * 1024);
  const pageZero = 4096;
  return (ramBytes - highRamEnd + (HIGH_RAM_START - LOW_RAM_END) + pageZero) / 1024;
}

async function count(daemon: Daemon, domain: DomusDomain, shell: GuestShell): Promise<Counts> {
  const { output } = await shell.run(`cat ${CURRENT_KB}`);
  const { memory } = await domain.get();
  const host = (await daemon.site.hosts.list()).find(({ name }) => name === HOST)!;
  return {
    guestKiB: Number(output),
    domainKiB: memory.actualKiB,
    hostFreeKiB: host.freeKiB,
  };
}

/** MiB a second, from the request until the hypervisor's count is there. */
async function resize(daemon: Daemon, domain: DomusDomain, memoryMiB: number): Promise<number> {
  const before = (await domain.get()).memory.actualKiB;
  const startMs = performance.now();
  await daemon.site.domains.setMemory({ domain: domain.domain, memoryMiB });
  for (;;) {
    const { actualKiB } = (await domain.get()).memory;
    const tookMs = performance.now() - startMs;
    if (actualKiB === memoryMiB * 1024) return rateOf(Math.abs(actualKiB - before) / 1024, tookMs);
    if (tookMs > MOVE_TIMEOUT_MS) {
      throw new Error(`the balloon stands at ${actualKiB} KiB, ${memoryMiB} MiB were asked for`);
    }
    await delay(POLL_MS);
  }
}

/** MiB a second of the guest's fastest way. */
async function touchRate(shell: GuestShell): Promise<number> {
  const rates: number[] = [];
  for (const command of Object.values(TOUCHES)) {
    const { tookMs, status, output } = await shell.run(command);
    if (status !== 0) throw new Error(`the guest could not touch memory: ${output}`);
    rates.push(rateOf(TOUCHED_MIB, tookMs));
    await shell.run('rm -f /dev/shm/touched');
  }
  return Math.max(...rates);
}

function rateOf(mib: number, tookMs: number): number {
  return (mib * 1000) / tookMs;
}

function result(
  rates: Record<'shrink' | 'grow' | 'touch', number[]>,
  counts: readonly Counts[],
): Measurement {
  const uncounted = uncountedKiB();
  const sums = counts.map(({ domainKiB, hostFreeKiB }) => domainKiB + hostFreeKiB);
  const exact =
    counts.every(({ guestKiB, domainKiB }) => domainKiB - guestKiB === uncounted) &&
    sums.every((sum) => sum === sums[0]);
  const [shrink, grow, touch] = [median(rates.shrink), median(rates.grow), median(rates.touch)];
  return {
    figures: {
      shrink_mib_per_s: round(shrink, 1),
      grow_mib_per_s: round(grow, 1),
      exact,
      touch_ratio: round(shrink / touch, 3),
    },
    detail: {
      touch_mib_per_s: round(touch, 1),
      kib_that_the_kernel_does_not_count: uncounted,
      counts,
      rates: Object.fromEntries(
        Object.entries(rates).map(([name, all]) => [name, all.map((rate) => round(rate, 1))]),
      ),
    },
    notes: [],
  };
}
