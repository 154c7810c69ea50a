/** `net`: TCP between two guests, beside v86's own virtio card on the same switch, and QEMU's. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import type { Addresses, Pair, Station } from '../guest/network-work.ts';
import { configure, roundTripUs, sendTcp } from '../guest/network-work.ts';
import type { BootFiles, Machine } from '../peers/machine.ts';
import { Qemu, qemuVersion, virtioNetwork } from '../peers/qemu.ts';
import { startPair } from '../peers/v86-pair.ts';
import { median, round } from '../statistics/statistics.ts';
import { peerBootFiles } from '../subject/boot-files.ts';
import { Daemon } from '../subject/daemon.ts';
import { HostSite } from '../subject/host-site.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 512;
/** Until the code of both guests' networks is translated and optimised. */
const WARM_UP_ROUNDS = 4;
const ROUNDS = 6;
/** Of one turn of one pair. */
const TURN_S = 1.5;
const MOST_MIB = 256;
const STATIONS: readonly [Addresses, Addresses] = [
  { mac: '00:16:3e:00:00:01', address: '10.0.0.1' },
  { mac: '00:16:3e:00:00:02', address: '10.0.0.2' },
];

/** By pair: one entry a round. */
type Samples = Record<string, { mibPerSecond: number[]; roundTripUs: number[] }>;

export async function net(progress: (message: string) => void): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const files = await withDaemon(peerBootFiles);
  const folder = await mkdtemp(join(tmpdir(), 'domus-bench-net-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));

  progress('booting');
  const peers = startPair(files, MEMORY_MIB, STATIONS).map((each) => resources.use(each));
  const qemus =
    qemuVersion() === null ? [] : startQemus(files, folder).map((each) => resources.use(each));
  const site = resources.use(await HostSite.start(HOST_MIB));
  const pairs = await Promise.all([
    domusPair(site),
    asPair(peers),
    ...(qemus.length > 0 ? [asPair(qemus)] : []),
  ]);
  return result(await measure(pairs, progress));
}

/** The files are those of a home; no domain is made there. */
async function withDaemon<T>(use: (daemon: Daemon) => Promise<T>): Promise<T> {
  await using daemon = await Daemon.start(MEMORY_MIB);
  return await use(daemon);
}

function startQemus(files: BootFiles, folder: string): Qemu[] {
  const socket = (index: number): string => join(folder, `cable-${index}`);
  return STATIONS.map(
    ({ mac }, index) =>
      new Qemu(files, MEMORY_MIB, virtioNetwork(mac, socket(index), socket(1 - index))),
  );
}

/** As {@link asPair}. */
async function domusPair(site: HostSite): Promise<Pair> {
  const stations = await Promise.all(
    STATIONS.map((station, index) => site.boot(`net${index}`, MEMORY_MIB, station)),
  );
  for (const station of stations) await configure(station);
  for (const station of stations) await station.pause();
  return stations as unknown as Pair;
}

/** They stand still afterwards. */
async function asPair(machines: readonly Machine[]): Promise<Pair> {
  const stations = await Promise.all(
    machines.map(async (machine, index): Promise<Station> => {
      const shell = await GuestShell.open(machine);
      const station: Station = {
        name: machine.name,
        ...STATIONS[index]!,
        run: async (command) => (await shell.run(command)).output,
        pause: () => machine.pause(),
        resume: () => machine.resume(),
      };
      await shell.run('modprobe -a virtio_pci virtio_net');
      await configure(station);
      return station;
    }),
  );
  for (const station of stations) await station.pause();
  return stations as unknown as Pair;
}

async function measure(
  pairs: readonly Pair[],
  progress: (message: string) => void,
): Promise<Samples> {
  const samples: Samples = {};
  const mib = new Map<Pair, number>();
  for (let turn = -WARM_UP_ROUNDS; turn < ROUNDS; turn++) {
    progress(turn < 0 ? `warming up, ${-turn} rounds to go` : `round ${turn + 1} of ${ROUNDS}`);
    const order = turn % 2 === 0 ? pairs : [...pairs].reverse();
    for (const pair of order) {
      for (const station of pair) await station.resume();
      const size = mib.get(pair) ?? 4;
      const trip = await roundTripUs(pair);
      const rate = size / (await sendTcp(pair, size));
      for (const station of pair) await station.pause();
      mib.set(pair, Math.min(MOST_MIB, Math.max(1, Math.round(rate * TURN_S))));
      if (turn < 0) continue;
      const of = (samples[pair[0].name] ??= { mibPerSecond: [], roundTripUs: [] });
      of.mibPerSecond.push(rate);
      of.roundTripUs.push(trip);
    }
  }
  return samples;
}

function result(samples: Samples): Measurement {
  const { domus } = samples;
  const over = (peer: string): number | null => {
    const other = samples[peer]?.mibPerSecond;
    if (!other) return null;
    return round(median(domus!.mibPerSecond.map((rate, index) => rate / other[index]!)), 3);
  };
  const hasQemu = samples['qemu'] !== undefined;
  return {
    figures: {
      tcp_mib_per_s: round(median(domus!.mibPerSecond), 2),
      tcp_across_hosts_mib_per_s: null,
      ratio: over('v86'),
      rtt_us_p50: round(median(domus!.roundTripUs), 0),
      qemu_ratio: over('qemu'),
    },
    detail: {
      rounds: ROUNDS,
      pairs: Object.fromEntries(
        Object.entries(samples).map(([name, of]) => [
          name,
          {
            mib_per_s: of.mibPerSecond.map((rate) => round(rate, 2)),
            rtt_us_p50: of.roundTripUs.map((trip) => Math.round(trip)),
          },
        ]),
      ),
    },
    notes: hasQemu ? [] : ['QEMU is not installed (Debian: qemu-system-x86): no qemu_ratio.'],
  };
}
