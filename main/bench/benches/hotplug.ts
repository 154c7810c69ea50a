/** `hotplug`: from the command until the guest can use a disk or an interface, and until it is gone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import type { Task } from '../../../shared/contract/index.ts';
import type { Measurement } from '../bench.ts';
import { DISK_MIB, writeDiskImage } from '../guest/disk-work.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { MachineError } from '../peers/machine.ts';
import { median, round } from '../statistics/statistics.ts';
import { Daemon } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 512;
const ROUNDS = 10;
const NAME = 'hotplug';
const NETWORK = 'bench';

interface Device {
  attach(): Promise<Task>;
  detach(): Promise<Task>;
  /** Shell that ends when it can be used, and when it is gone. */
  usable: string;
  gone: string;
}

interface Times {
  attachS: number[];
  detachS: number[];
}

export async function hotplug(progress: (message: string) => void): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  const folder = await mkdtemp(join(tmpdir(), 'domus-bench-hotplug-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const image = join(folder, 'disk.img');
  await writeDiskImage(image);
  const domain = resources.use(
    await DomusDomain.create(daemon, {
      name: NAME,
      memoryMiB: MEMORY_MIB,
      maxMemoryMiB: MEMORY_MIB,
    }),
  );
  const shell = await GuestShell.open(domain);
  const disk = await measure(daemon, shell, diskDevice(daemon, image), (round) =>
    progress(`disk, round ${round} of ${ROUNDS}`),
  );
  const network = await measureInterface(daemon, shell, progress);
  return result(disk, network);
}

function diskDevice(daemon: Daemon, source: string): Device {
  const { domains } = daemon.site;
  return {
    attach: () => domains.attachDisk({ domain: NAME, source, name: 'xvdb' }),
    detach: () => domains.detachDisk({ domain: NAME, disk: 'xvdb' }),
    usable: 'until [ -b /dev/xvdb ]; do :; done; dd if=/dev/xvdb of=/dev/null bs=4k count=1',
    gone: 'while [ -e /sys/block/xvdb ]; do :; done',
  };
}

function interfaceDevice(daemon: Daemon): Device {
  const { domains } = daemon.site;
  return {
    attach: () => domains.attachInterface({ domain: NAME, network: NETWORK }),
    detach: () => domains.detachInterface({ domain: NAME, handle: 0 }),
    usable: 'until [ -e /sys/class/net/eth0 ]; do :; done; ip link set eth0 up',
    gone: 'while [ -e /sys/class/net/eth0 ]; do :; done',
  };
}

/** Null where this version cannot do it. */
async function measureInterface(
  daemon: Daemon,
  shell: GuestShell,
  progress: (message: string) => void,
): Promise<Times | null> {
  try {
    await daemon.site.networks.add({ name: NETWORK });
  } catch (error) {
    if (error instanceof DomusError && error.code === 'api.unfinished') return null;
    throw error;
  }
  return await measure(daemon, shell, interfaceDevice(daemon), (round) =>
    progress(`interface, round ${round} of ${ROUNDS}`),
  );
}

async function measure(
  daemon: Daemon,
  shell: GuestShell,
  { attach, detach, usable, gone }: Device,
  progress: (round: number) => void,
): Promise<Times> {
  const times: Times = { attachS: [], detachS: [] };
  const time = async (command: () => Promise<Task>, until: string): Promise<number> => {
    const startMs = performance.now();
    await daemon.done(command());
    const { status, output } = await shell.run(`${until} 2>/dev/null`);
    if (status !== 0) throw new MachineError(`domus: "${until}" failed: ${output}`);
    return (performance.now() - startMs) / 1000;
  };
  for (let round = 1; round <= ROUNDS; round++) {
    progress(round);
    times.attachS.push(await time(attach, usable));
    times.detachS.push(await time(detach, gone));
  }
  return times;
}

function result(disk: Times, network: Times | null): Measurement {
  const both = network ? [disk, network] : [disk];
  const slower = (of: (times: Times) => number[]): number =>
    round(Math.max(...both.map((times) => median(of(times)))), 3);
  const rounded = (times: Times | null): Record<string, number[]> | null =>
    times && {
      attach_s: times.attachS.map((time) => round(time, 3)),
      detach_s: times.detachS.map((time) => round(time, 3)),
    };
  return {
    figures: {
      attach_s: slower(({ attachS }) => attachS),
      detach_s: slower(({ detachS }) => detachS),
    },
    detail: { disk: rounded(disk), interface: rounded(network), disk_mib: DISK_MIB },
    notes: [
      'Each is the slower of disk and interface, by their medians.',
      ...(network ? [] : ['This version has no networks: disks only.']),
    ],
  };
}
