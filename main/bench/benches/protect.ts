/**
 * `protect`: a web guest that is protected while it serves at half of what it could, and whose host
 * dies over and over.
 */
import { FailoverReport } from '../../../shared/contract/index.ts';
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { KEEPING_SERVER, KeptLoad } from '../measure/kept-load.ts';
import { median, p95, round } from '../statistics/statistics.ts';
import { Daemon, HOST } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const NAME = 'web';
const MEMORY_MIB = 64;
const HOST_MIB = 256;
const OTHER_HOST = 'bench2';
const BANDWIDTH_BYTES_PER_SECOND = 125_000_000;
const LATENCY_MS = 0.2;

const PARALLEL = 4;
const MOST_MS = 5_000;
const WARM_UPS = 2;
const ROUNDS = 4;
/** Of each kind, in each round. */
const LOAD_MS = 6_000;
const DISK_MIB = 16;
const WRITES = 20;
/** Each waits until the disk has it. */
const WRITE = `dd if=/dev/zero of=/dev/xvda bs=4k count=${WRITES} oflag=direct 2>/dev/null`;
/** Work of the guest's shell alone: about a second. */
const COMPUTE = 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done';

const FAILOVERS = 50;
/** All of it ends within the nine minutes that a benchmark may take. */
const FAILOVERS_UNTIL_MS = 7.5 * 60_000;

interface Round {
  computeMs: number;
  /** Of one write to its disk. */
  writeMs: number;
  latencyMs: number;
  checkpointsPerSecond: number | null;
}

export async function protect(progress: (message: string) => void): Promise<Measurement> {
  const startedAtMs = performance.now();
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  await daemon.site.hosts.add({
    name: OTHER_HOST,
    memoryMiB: HOST_MIB,
    pcpus: 2,
    bandwidthBytesPerSecond: BANDWIDTH_BYTES_PER_SECOND,
    latencyMs: LATENCY_MS,
  });
  progress('starting the domain');
  const domain = resources.use(
    await DomusDomain.create(daemon, {
      name: NAME,
      memoryMiB: MEMORY_MIB,
      maxMemoryMiB: MEMORY_MIB,
      interfaces: [{ network: 'default' }],
      disks: [{ source: 'default/web.img', format: 'raw', sizeMiB: DISK_MIB }],
    }),
  );
  const shell = await GuestShell.open(domain);
  await shell.run(KEEPING_SERVER);
  const { port } = await daemon.site.forwards.add({ domain: NAME, port: 0, toPort: 80 });
  const load = new KeptLoad(port);

  progress('finding the load that it can carry');
  await load.most(PARALLEL, MOST_MS);
  const most = await load.most(PARALLEL, MOST_MS);
  const rounds = await compare({ daemon, domain, shell, load, perSecond: most / 2, progress });

  load.start(most / 2);
  const failoverMs: number[] = [];
  while (failoverMs.length < FAILOVERS && performance.now() - startedAtMs < FAILOVERS_UNTIL_MS) {
    progress(`failover ${failoverMs.length + 1} of ${FAILOVERS}`);
    failoverMs.push(await failOver(daemon, domain));
  }
  await load.stop();
  const kept = new Set((await shell.run('cat /tmp/kept')).output.split(/\s+/).map(Number));
  const lost = load.acknowledged.filter((number) => !kept.has(number));
  return result({ rounds, most, failoverMs, lost, load });
}

interface Comparison {
  daemon: Daemon;
  domain: DomusDomain;
  shell: GuestShell;
  load: KeptLoad;
  perSecond: number;
  progress: (message: string) => void;
}

/** In turns: alone and protected. */
async function compare(comparison: Comparison): Promise<Record<'alone' | 'guarded', Round[]>> {
  const rounds: Record<'alone' | 'guarded', Round[]> = { alone: [], guarded: [] };
  for (let turn = -WARM_UPS; turn < ROUNDS; turn++) {
    const { progress, daemon, domain } = comparison;
    progress(turn < 0 ? `warming up, ${-turn} rounds to go` : `round ${turn + 1} of ${ROUNDS}`);
    const alone = await measure(comparison);
    await guard(daemon, domain);
    const guarded = await measure(comparison);
    await daemon.site.domains.unprotect({ domain: NAME });
    if (turn < 0) continue;
    rounds.alone.push(alone);
    rounds.guarded.push(guarded);
  }
  return rounds;
}

async function measure({ domain, shell, load, perSecond }: Comparison): Promise<Round> {
  const computeMs = await timed(shell, COMPUTE);
  const writeMs = (await timed(shell, WRITE)) / WRITES;
  load.takeLatencies();
  const before = (await domain.get()).protection;
  load.start(perSecond);
  await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
  const after = (await domain.get()).protection;
  await load.stop();
  const checkpointsPerSecond =
    before && after
      ? ((after.checkpoints - before.checkpoints) * 1e3) /
        Math.max(1, after.lastCheckpointAtMs - before.lastCheckpointAtMs)
      : null;
  return { computeMs, writeMs, latencyMs: median(load.takeLatencies()), checkpointsPerSecond };
}

/** How long the guest takes for it, ms. */
async function timed(shell: GuestShell, command: string): Promise<number> {
  const fromMs = performance.now();
  await shell.run(command);
  return performance.now() - fromMs;
}

/** On the other host, once that is there again. */
async function guard(daemon: Daemon, domain: DomusDomain): Promise<void> {
  const { host } = await domain.get();
  const other = host === HOST ? OTHER_HOST : HOST;
  while ((await daemon.site.hosts.list()).find(({ name }) => name === other)?.state !== 'up') {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await daemon.done(daemon.site.domains.protect({ domain: NAME, host: other }));
}

/** Milliseconds without the domain, as the toolstack has them. */
async function failOver(daemon: Daemon, domain: DomusDomain): Promise<number> {
  await guard(daemon, domain);
  // At any moment between two checkpoints.
  await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 300));
  const { host } = await domain.get();
  await daemon.site.hosts.crash({ host });
  for (;;) {
    const tasks = await daemon.site.tasks.list({ limit: 4 });
    const [newest] = tasks.filter(({ kind }) => kind === 'failover');
    if (newest && (await domain.get()).host !== host) {
      const { result: report } = await daemon.done(newest);
      return FailoverReport.parse(report).failoverMs;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Found {
  rounds: Record<'alone' | 'guarded', Round[]>;
  most: number;
  failoverMs: number[];
  lost: number[];
  load: KeptLoad;
}

function result({ rounds, most, failoverMs, lost, load }: Found): Measurement {
  const { alone, guarded } = rounds;
  const slowdowns = guarded.map((round, index) => round.computeMs / alone[index]!.computeMs);
  const added = guarded.map((round, index) => round.latencyMs - alone[index]!.latencyMs);
  const rates = guarded.map(({ checkpointsPerSecond }) => checkpointsPerSecond ?? 0);
  return {
    figures: {
      checkpoints_per_s: round(median(rates), 2),
      slowdown: round(median(slowdowns), 3),
      latency_added_ms: round(median(added), 1),
      failover_ms: round(Math.max(...failoverMs), 0),
      lost_acknowledged: lost.length,
      failovers: failoverMs.length,
    },
    detail: {
      failover_ms_p50: round(median(failoverMs), 0),
      failover_ms_p95: round(p95(failoverMs), 0),
      disk_write_ms_alone: round(median(alone.map(({ writeMs }) => writeMs)), 1),
      disk_write_ms_guarded: round(median(guarded.map(({ writeMs }) => writeMs)), 1),
      most_requests_per_s: round(most, 1),
      acknowledged: load.acknowledged.length,
      unanswered: load.failed,
      alone: alone.map(({ computeMs, latencyMs }) => [round(computeMs, 0), round(latencyMs, 1)]),
      guarded: guarded.map(({ computeMs, latencyMs, checkpointsPerSecond }) => [
        round(computeMs, 0),
        round(latencyMs, 1),
        round(checkpointsPerSecond ?? 0, 1),
      ]),
    },
    notes:
      failoverMs.length < FAILOVERS
        ? [`Only ${failoverMs.length} of ${FAILOVERS} failovers fitted into the time.`]
        : [],
  };
}
