/**
 * `migrate`: a domain moves to another host and back, idle, serving web pages, and writing to a
 * quarter of its memory; beside QEMU's own live migration of the same guest that does the same, seen
 * by the same probe.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchParameters, Measurement } from '../bench.ts';
import type { MovingWork } from '../guest/moving-work.ts';
import { freeKiB, GUEST_PORTS, MOVING_WORK } from '../guest/moving-work.ts';
import type { SeenMove } from '../measure/observed-move.ts';
import { ReachableGuest } from '../measure/reachable-guest.ts';
import { MachineError } from '../peers/machine.ts';
import { MovingQemu, QEMU_ADDRESS } from '../peers/moving-qemu.ts';
import { qemuVersion } from '../peers/qemu.ts';
import { peerBootFiles } from '../subject/boot-files.ts';
import { Daemon } from '../subject/daemon.ts';
import {
  addOtherHost,
  LINK_BYTES_PER_SECOND,
  MovingDomain,
  NETWORK,
} from '../subject/moving-domain.ts';
import type { Moves } from './migrate-result.ts';
import { migrateResult } from './migrate-result.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 512;
const RUNS = 20;
/** QEMU moves after the first of every so many of ours. */
const QEMU_EVERY = 4;
/** Of all workloads together: on a slow machine there are fewer moves, unless a person said how many. */
const MOST_MS = 7.5 * 60_000;
const MOST_REQUESTS_MS = 3000;
const MAC = '00:16:3e:00:00:11';
const ADDRESS = '10.0.0.11';

interface Movers {
  domain: MovingDomain;
  domus: ReachableGuest;
  /** Null where it is not installed. */
  qemu: { machine: MovingQemu; guest: ReachableGuest } | null;
  /** Why it is not measured any more. */
  qemuLost: string | null;
}

export async function migrate(
  progress: (message: string) => void,
  { runs }: BenchParameters,
): Promise<Measurement> {
  const startMs = performance.now();
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  await addOtherHost(daemon, HOST_MIB);
  progress('booting QEMU');
  const qemu = qemuVersion() === null ? null : await startQemu(daemon, resources);
  progress('starting the domain');
  const domain = resources.use(
    await MovingDomain.create(daemon, {
      name: 'mover',
      memoryMiB: MEMORY_MIB,
      maxMemoryMiB: MEMORY_MIB,
      interfaces: [{ network: NETWORK, mac: MAC, address: ADDRESS }],
    }),
  );
  const [echo, beat, web] = [
    await domain.forward('udp', GUEST_PORTS.echo),
    await domain.forward('udp', GUEST_PORTS.beat),
    await domain.forward('tcp', GUEST_PORTS.web),
  ];
  const ports = { echo: [echo], beat: () => beat, web: () => web };
  const addresses = { mac: MAC, address: ADDRESS };
  const domus = resources.use(await ReachableGuest.open(domain.domain, addresses, ports));
  const movers: Movers = { domain, domus, qemu, qemuLost: null };
  const moves = {} as Record<MovingWork, Moves>;
  for (const [index, work] of MOVING_WORK.entries()) {
    const share = (MOST_MS * (index + 1)) / MOVING_WORK.length;
    const untilMs = runs === undefined ? startMs + share : Infinity;
    const plan = { runs: runs ?? RUNS, untilMs };
    moves[work] = await measure(work, plan, movers, (message) => progress(`${work}: ${message}`));
  }
  return migrateResult(moves, qemu !== null, movers.qemuLost);
}

async function startQemu(
  daemon: Daemon,
  resources: AsyncDisposableStack,
): Promise<NonNullable<Movers['qemu']>> {
  const folder = await mkdtemp(join(tmpdir(), 'domus-bench-migrate-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const machine = resources.use(
    await MovingQemu.start({
      files: await peerBootFiles(daemon),
      memoryMiB: MEMORY_MIB,
      mac: MAC,
      forwards: [
        { protocol: 'udp', guestPort: GUEST_PORTS.echo },
        { protocol: 'udp', guestPort: GUEST_PORTS.beat },
        { protocol: 'tcp', guestPort: GUEST_PORTS.web },
      ],
      bytesPerSecond: LINK_BYTES_PER_SECOND,
      folder,
    }),
  );
  const ports = {
    echo: machine.portsOf(0),
    beat: () => machine.portOf(1),
    web: () => machine.portOf(2),
  };
  const addresses = { mac: MAC, address: QEMU_ADDRESS };
  return { machine, guest: resources.use(await ReachableGuest.open(machine, addresses, ports)) };
}

async function measure(
  work: MovingWork,
  { runs, untilMs }: { runs: number; untilMs: number },
  movers: Movers,
  progress: (message: string) => void,
): Promise<Moves> {
  const { domain, domus } = movers;
  const guests = movers.qemu ? [domus, movers.qemu.guest] : [domus];
  for (const guest of guests) await guest.begin(work);
  progress('warming up');
  const most = work === 'web' ? await domus.mostRequests(MOST_REQUESTS_MS) : null;
  for (const guest of guests) if (most !== null) guest.ask(most / 2);
  const move = async (): Promise<Moves['domus'][number]> => {
    const { result: report, seen } = await domus.observe(() => domain.move());
    return { report, seen };
  };
  await move();
  const moves: Moves = {
    usedBytes: await usedBytes(domain, domus),
    mostRequestsPerSecond: most,
    domus: [],
    qemu: [],
  };
  for (let run = 1; run <= runs && (run === 1 || performance.now() < untilMs); run++) {
    progress(`move ${run} of ${runs}`);
    const one = await move();
    moves.domus.push(one);
    if (!movers.qemu || (run - 1) % QEMU_EVERY !== 0) continue;
    const seen = await observeQemu(movers.qemu).catch((error: unknown) => {
      // One of some runs: what it had shown until then counts, and ours goes on.
      if (!(error instanceof MachineError)) throw error;
      movers.qemuLost = error.message;
      movers.qemu = null;
    });
    if (seen) moves.qemu.push({ seen, domus: one.seen });
  }
  await domus.end(work);
  await movers.qemu?.guest.end(work);
  return moves;
}

async function observeQemu({ machine, guest }: NonNullable<Movers['qemu']>): Promise<SeenMove> {
  return (await guest.observe(await machine.prepare())).seen;
}

/** What the domain has less what its kernel calls free. */
async function usedBytes(
  { domain }: MovingDomain,
  { machine, shell }: ReachableGuest,
): Promise<number> {
  await machine.resume();
  const free = await freeKiB(shell);
  await machine.pause();
  const { memory } = await domain.get();
  return (memory.actualKiB - free) * 1024;
}
