/**
 * `disk`: a PV disk beside v86's own IDE disk and QEMU's virtio disk, on the same kernel. And beside
 * disks that cost nothing, on plain v86: what is left of the time then is the guest's, whatever disk
 * it has. For sequential work that is Linux's `null_blk`, which answers a request at once and moves
 * no byte; for files, which need their bytes, its RAM disk.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Measurement } from '../bench.ts';
import type { DiskWork } from '../guest/disk-work.ts';
import {
  DISK_WORK,
  diskCommand,
  makeIdealDisks,
  prepareDisk,
  writeDiskImage,
} from '../guest/disk-work.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import type { Machine } from '../peers/machine.ts';
import { MachineError } from '../peers/machine.ts';
import { PlainV86 } from '../peers/plain-v86.ts';
import { Qemu, qemuVersion, virtioDisk } from '../peers/qemu.ts';
import { geometricMean, median, round } from '../statistics/statistics.ts';
import { peerBootFiles } from '../subject/boot-files.ts';
import { Daemon } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 512;
/** The RAM disk is part of it. */
const IDEAL_MEMORY_MIB = 256;
const IDE_DRIVERS = ['ata_piix', 'sd_mod'];
/** Until the code that the work runs through is translated and optimised. */
const WARM_UP_ROUNDS = 4;
const ROUNDS = 6;
/** Of one turn of one machine. */
const TURN_MS = 1000;

interface Contestant {
  name: 'domus' | 'v86' | 'qemu' | 'ideal';
  machine: Machine;
  shell: GuestShell;
  /** That sequential work goes to. */
  device: string;
  /** Of each work, as many as take about a turn. */
  passes: Record<DiskWork, number>;
}

/** By work and machine: operations a second, one a round. */
type Rates = Record<DiskWork, Record<string, number[]>>;

export async function disk(progress: (message: string) => void): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  const files = await peerBootFiles(daemon);
  const folder = await mkdtemp(join(tmpdir(), 'domus-bench-disk-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const image = async (name: string): Promise<string> => {
    const path = join(folder, name);
    await writeDiskImage(path);
    return path;
  };

  progress('booting the peers');
  const v86 = resources.use(new PlainV86(files, MEMORY_MIB, null, await image('ide')));
  const peers = [await contestant('v86', v86, 'sda', IDE_DRIVERS)];
  const other = resources.use(new PlainV86(files, IDEAL_MEMORY_MIB, null, await image('ideal')));
  peers.push(await idealDisks(other));
  if (qemuVersion() !== null) {
    const devices = virtioDisk(await image('virtio'));
    const qemu = resources.use(new Qemu(files, MEMORY_MIB, devices));
    peers.push(await contestant('qemu', qemu, 'vda', ['virtio_pci', 'virtio_blk']));
  }
  progress('starting the domain');
  const domus = resources.use(
    await DomusDomain.create(daemon, {
      name: 'disk',
      memoryMiB: MEMORY_MIB,
      maxMemoryMiB: MEMORY_MIB,
      disks: [{ source: await image('pv.img'), name: 'xvda' }],
    }),
  );
  const contestants = [await contestant('domus', domus, 'xvda', []), ...peers];
  return result(await measure(contestants, progress));
}

async function contestant(
  name: Contestant['name'],
  machine: Machine,
  device: string,
  drivers: readonly string[],
): Promise<Contestant> {
  const shell = await GuestShell.open(machine);
  await prepareDisk(shell, device, drivers);
  return standing({ name, machine, shell, device });
}

async function idealDisks(machine: Machine): Promise<Contestant> {
  const shell = await GuestShell.open(machine);
  const { forFiles, sequential } = await makeIdealDisks(shell, 'sda', IDE_DRIVERS);
  await prepareDisk(shell, forFiles, []);
  return standing({ name: 'ideal', machine, shell, device: sequential });
}

async function standing(each: Omit<Contestant, 'passes'>): Promise<Contestant> {
  await each.machine.pause();
  return { ...each, passes: { seq_read: 1, seq_write: 1, rand_read: 1, fsync: 1 } };
}

async function measure(
  contestants: readonly Contestant[],
  progress: (message: string) => void,
): Promise<Rates> {
  const rates = Object.fromEntries(
    DISK_WORK.map((work) => [work, Object.fromEntries(contestants.map(({ name }) => [name, []]))]),
  ) as unknown as Rates;
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    progress(round < 0 ? `warming up, ${-round} rounds to go` : `round ${round + 1} of ${ROUNDS}`);
    const order = round % 2 === 0 ? contestants : [...contestants].reverse();
    for (const work of DISK_WORK) {
      for (const each of order) {
        const rate = await timeAlone(each, work);
        if (round >= 0) rates[work][each.name]!.push(rate);
      }
    }
  }
  return rates;
}

/** Operations a second, of this machine alone. */
async function timeAlone(each: Contestant, work: DiskWork): Promise<number> {
  const { machine, shell, device, passes } = each;
  await machine.resume();
  await shell.run('true');
  const { command, operations } = diskCommand(work, device, passes[work]);
  const { tookMs, status, output } = await shell.run(command);
  await machine.pause();
  if (status !== 0) throw new MachineError(`${machine.name}: ${work} failed: ${output}`);
  passes[work] = Math.max(1, Math.round((passes[work] * TURN_MS) / tookMs));
  return (operations * 1000) / tookMs;
}

function result(rates: Rates): Measurement {
  const over = (work: DiskWork, peer: string, subject = 'domus'): number | null => {
    const { [subject]: own, [peer]: others } = rates[work];
    return others ? median(own!.map((rate, index) => rate / others[index]!)) : null;
  };
  const qemu = DISK_WORK.map((work) => over(work, 'qemu'));
  const hasQemu = qemu.every((ratio) => ratio !== null);
  const rounded = (ratio: number | null): number | null => ratio && round(ratio, 3);
  return {
    figures: {
      seq_read_ratio: rounded(over('seq_read', 'v86')),
      seq_write_ratio: rounded(over('seq_write', 'v86')),
      rand_ratio: rounded(over('rand_read', 'v86')),
      fsync_ratio: rounded(over('fsync', 'v86')),
      qemu_ratio: hasQemu ? round(geometricMean(qemu), 3) : null,
      durable_fsync_per_s: round(median(rates.fsync['domus']!), 0),
    },
    detail: {
      median_per_s: Object.fromEntries(
        DISK_WORK.map((work) => [
          work,
          Object.fromEntries(
            Object.entries(rates[work]).map(([name, all]) => [name, round(median(all), 1)]),
          ),
        ]),
      ),
      most_possible: Object.fromEntries(
        DISK_WORK.map((work) => [work, rounded(over(work, 'v86', 'ideal'))]),
      ),
      over_qemu: hasQemu
        ? Object.fromEntries(DISK_WORK.map((work, index) => [work, round(qemu[index]!, 3)]))
        : null,
      rounds: ROUNDS,
    },
    notes: [
      "v86's IDE disk is an array in memory and keeps no write cache: its fsync stores nothing. The PV disk's and QEMU's are files, and their fsync waits for the medium.",
      "most_possible: disks that cost nothing over v86's IDE disk, both on plain v86; sequential Linux's null_blk, which moves no byte, random and fsync its RAM disk. What remains of the time is the guest's own.",
      'Sequential is 1 MiB at a time, random 4 KiB, one request after the other; all direct I/O.',
      ...(hasQemu ? [] : ['QEMU is not installed (Debian: qemu-system-x86): no qemu_ratio.']),
    ],
  };
}
