/** `idle`: what twenty domains cost that do nothing, in time and in memory. */
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { dropSamples, readSamples, startSampling } from '../guest/sleep-sampler.ts';
import type { SleepSamples } from '../guest/sleep-sampler.ts';
import { delay } from '../measure/delay.ts';
import { guestPages } from '../measure/guest-pages.ts';
import type { GuestPages } from '../measure/guest-pages.ts';
import { idleCpu } from '../measure/idle-cpu.ts';
import { residentKiB } from '../measure/process-memory.ts';
import { PlainV86 } from '../peers/plain-v86.ts';
import { median, p95, round } from '../statistics/statistics.ts';
import { bootFiles } from '../subject/boot-files.ts';
import { Daemon } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const DOMAINS = 20;
const MEMORY_MIB = 128;
const HOST_MIB = 4096;
/** Until then V8 optimises, in threads of its own, the code that was generated during boot or after a clone. */
const SETTLE_MS = 90_000;
const WINDOWS = 6;
const WINDOW_MS = 10_000;
/** Domains in which short sleeps are timed meanwhile. */
const SAMPLED = 2;

interface Observation {
  cpuPercents: number[];
  v86Percents: number[];
  noneKiB: number;
  allKiB: number;
  guest: GuestPages;
  samples: SleepSamples;
}

export async function idle(progress: (message: string) => void): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  const files = await bootFiles(daemon);
  const noneKiB = residentKiB(daemon.pid);

  progress('an idle guest on plain v86');
  const v86 = resources.use(new PlainV86(files, MEMORY_MIB));
  await GuestShell.open(v86);
  await delay(SETTLE_MS);
  const v86Before = await idleCpu(v86.pid, WINDOWS / 2, WINDOW_MS);
  await v86.pause();

  progress(`starting ${DOMAINS} domains`);
  const shells: GuestShell[] = [];
  for (let number = 1; number <= DOMAINS; number++) {
    const domain = await DomusDomain.create(daemon, {
      name: `idle-${number}`,
      memoryMiB: MEMORY_MIB,
      maxMemoryMiB: MEMORY_MIB,
    });
    if (number <= SAMPLED) shells.push(await GuestShell.open(domain));
    else domain.detach();
  }
  for (const shell of shells) await startSampling(shell);
  await delay(SETTLE_MS);
  for (const shell of shells) await dropSamples(shell);

  progress(`${DOMAINS} idle domains for ${(WINDOWS * WINDOW_MS) / 1000} s`);
  const cpuPercents = await idleCpu(daemon.pid, WINDOWS, WINDOW_MS);
  const allKiB = residentKiB(daemon.pid);
  const guest = await guestPages(daemon.pid, MEMORY_MIB, DOMAINS);
  const samples = merge(await Promise.all(shells.map(readSamples)));

  progress('an idle guest on plain v86, once more');
  for (const domain of await daemon.site.domains.list()) {
    if (!domain.isDomain0) await daemon.site.domains.pause({ domain: domain.uuid });
  }
  await v86.resume();
  await delay(SETTLE_MS);
  const v86After = await idleCpu(v86.pid, WINDOWS / 2, WINDOW_MS);
  const v86Percents = [...v86Before, ...v86After];
  return result({ cpuPercents, v86Percents, noneKiB, allKiB, guest, samples });
}

function merge(parts: readonly SleepSamples[]): SleepSamples {
  return {
    emptySleepMs: median(parts.map(({ emptySleepMs }) => emptySleepMs)),
    overrunMs: parts.flatMap(({ overrunMs }) => overrunMs),
    programOverrunMs: parts.flatMap(({ programOverrunMs }) => programOverrunMs),
  };
}

function result(observed: Observation): Measurement {
  const { guest, samples } = observed;
  const cpuPercent = median(observed.cpuPercents) / DOMAINS;
  const v86Percent = median(observed.v86Percents);
  const perDomainMiB = (observed.allKiB - observed.noneKiB) / DOMAINS / 1024;
  const guestMiB = guest.residentKiB / DOMAINS / 1024;
  const found = guest.domains === DOMAINS;
  return {
    figures: {
      cpu_percent: round(cpuPercent, 3),
      v86_ratio: round(cpuPercent / v86Percent, 4),
      sleep_overrun_ms_p95: round(p95(samples.overrunMs), 2),
      rss_overhead_mib: found ? round(perDomainMiB - guestMiB, 1) : null,
    },
    detail: {
      cpu_percent_by_window: observed.cpuPercents.map((all) => round(all / DOMAINS, 3)),
      v86_percent: round(v86Percent, 2),
      v86_percent_by_window: observed.v86Percents.map((percent) => round(percent, 2)),
      process_mib_with_none: round(observed.noneKiB / 1024, 1),
      process_mib_with_all: round(observed.allKiB / 1024, 1),
      per_domain_mib: round(perDomainMiB, 1),
      guest_pages_mib_per_domain: round(guestMiB, 1),
      sleep_samples: samples.overrunMs.length,
      sleep_overrun_ms_median: round(median(samples.overrunMs), 2),
      sleep_overrun_ms_worst: round(Math.max(...samples.overrunMs), 2),
      program_overrun_ms_median: round(median(samples.programOverrunMs), 2),
      program_overrun_ms_p95: round(p95(samples.programOverrunMs), 2),
      empty_sleep_ms: round(samples.emptySleepMs, 2),
    },
    notes: found
      ? []
      : [`Found ${guest.domains} linear memories, not ${DOMAINS}: no rss_overhead_mib.`],
  };
}
