/** `net`: TCP between two guests, beside v86's own virtio card on the same switch, and QEMU's. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Measurement } from '../bench.ts';
import type { Addresses, Pair } from '../guest/network-work.ts';
import { openStation, roundTripUs, sendTcp } from '../guest/network-work.ts';
import type { BootFiles, Machine } from '../peers/machine.ts';
import { Qemu, qemuVersion, virtioNetwork } from '../peers/qemu.ts';
import { startPair } from '../peers/v86-pair.ts';
import { median, round } from '../statistics/statistics.ts';
import { peerBootFiles } from '../subject/boot-files.ts';
import { Daemon, HOST } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 768;
/** Until the code of both guests' networks is translated and optimised. */
const WARM_UP_ROUNDS = 4;
const ROUNDS = 6;
/** Of one turn of one pair. */
const TURN_S = 1.5;
const MOST_MIB = 256;
const NETWORK = 'bench';
const SUBNET = '10.0.0.0/24';
const OTHER_HOST = 'bench2';
const station = (number: number): Addresses => ({
  mac: `00:16:3e:00:00:${number}`,
  address: `10.0.0.${number}`,
});
const STATIONS: readonly [Addresses, Addresses] = [station(11), station(12)];
/** The same on two hosts; on one network with the others, which stand still meanwhile. */
const ACROSS: readonly [Addresses, Addresses] = [station(21), station(22)];

/** By pair: one entry a round. */
type Samples = Record<string, { mibPerSecond: number[]; roundTripUs: number[] }>;

export async function net(progress: (message: string) => void): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  await daemon.site.networks.add({ name: NETWORK, subnet: SUBNET });
  await daemon.site.hosts.add({ name: OTHER_HOST, memoryMiB: HOST_MIB, pcpus: 2 });
  const files = await peerBootFiles(daemon);
  const folder = await mkdtemp(join(tmpdir(), 'domus-bench-net-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));

  progress('booting the peers');
  const v86 = startPair(files, MEMORY_MIB, STATIONS).map((each) => resources.use(each));
  const peers = [await asPair('v86', v86, STATIONS)];
  if (qemuVersion() !== null) {
    const qemus = startQemus(files, folder).map((each) => resources.use(each));
    peers.push(await asPair('qemu', qemus, STATIONS));
  }
  progress('starting the domains');
  const start = async (
    name: string,
    stations: readonly Addresses[],
    hosts: string[],
  ): Promise<Pair> => {
    const domains: DomusDomain[] = [];
    for (const [index, host] of hosts.entries()) {
      domains.push(resources.use(await domain(daemon, `${name}${index}`, stations[index]!, host)));
    }
    return asPair(name, domains, stations);
  };
  const pairs = [
    await start('domus', STATIONS, [HOST, HOST]),
    await start('across', ACROSS, [HOST, OTHER_HOST]),
    ...peers,
  ];
  return result(await measure(pairs, progress));
}

function startQemus(files: BootFiles, folder: string): Qemu[] {
  const socket = (index: number): string => join(folder, `cable-${index}`);
  return STATIONS.map(
    ({ mac }, index) =>
      new Qemu(files, MEMORY_MIB, virtioNetwork(mac, socket(index), socket(1 - index))),
  );
}

function domain(
  daemon: Daemon,
  name: string,
  { mac, address }: Addresses,
  host: string,
): Promise<DomusDomain> {
  return DomusDomain.create(daemon, {
    name,
    host,
    memoryMiB: MEMORY_MIB,
    maxMemoryMiB: MEMORY_MIB,
    interfaces: [{ network: NETWORK, mac, address }],
  });
}

/** They stand still afterwards. */
async function asPair(
  name: string,
  machines: readonly Machine[],
  stations: readonly Addresses[],
): Promise<Pair> {
  const pair = await Promise.all(
    machines.map((machine, index) => openStation(name, machine, stations[index]!)),
  );
  for (const station of pair) await station.pause();
  return pair as unknown as Pair;
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
      tcp_across_hosts_mib_per_s: round(median(samples['across']!.mibPerSecond), 2),
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
