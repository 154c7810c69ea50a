/**
 * `isolation`: what a guest that floods disk and network costs a neighbour that serves small
 * requests, beside what one costs it that only computes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewDisk } from '../../../shared/contract/index.ts';
import type { Measurement } from '../bench.ts';
import { floodProgram } from '../guest/datagram-programs.ts';
import type { Addresses, Station } from '../guest/network-work.ts';
import { openStation } from '../guest/network-work.ts';
import { MachineError } from '../peers/machine.ts';
import { median, p95, round } from '../statistics/statistics.ts';
import { Daemon } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 768;
const DISK_MIB = 64;
const WARM_UP_ROUNDS = 2;
const ROUNDS = 5;
/** Of one round: uneven in time, so that they do not run in step with anything. */
const REQUESTS = 60;
const NETWORK = 'bench';
const SUBNET = '10.0.0.0/24';
const STATIONS = {
  server: { mac: '00:16:3e:00:00:11', address: '10.0.0.11' },
  client: { mac: '00:16:3e:00:00:12', address: '10.0.0.12' },
  neighbour: { mac: '00:16:3e:00:00:13', address: '10.0.0.13' },
} as const satisfies Record<string, Addresses>;

/** To the network's gateway, where nobody listens: whoever is on that network shares the switch. */
const GATEWAY = '10.0.0.1';
const FLOOD = '/tmp/flood';
const FRAME_BYTES = 1400;
/** Fewer are no flood. */
const LEAST_FRAMES_A_SECOND = 500;
/** Frames that it has sent, and sectors that it has written. */
const COUNTERS =
  'read a b c d e f written rest </sys/block/xvda/stat; echo $(cat /sys/class/net/eth0/statistics/tx_packets) $written';

/** What the neighbour does meanwhile. Each ends when the file is gone. */
const BUSY = '/tmp/busy';
const WORK = {
  computes: `( while [ -e ${BUSY} ]; do :; done ) & `,
  floods:
    `( while [ -e ${BUSY} ]; do dd if=/dev/zero of=/dev/xvda bs=1M count=32 oflag=direct; ` +
    `dd if=/dev/xvda of=/dev/null bs=4k count=2000 iflag=direct; done ) >/dev/null 2>&1 & ` +
    `( ${FLOOD} & p=$!; while [ -e ${BUSY} ]; do sleep 0.05; done; kill $p ) >/dev/null 2>&1 & `,
} as const;
type Work = keyof typeof WORK;

/** Of one round, ms. */
type Latencies = Record<Work, number[][]>;

/** What the neighbour did of it. */
interface Flood {
  framesPerSecond: number;
  writtenMibPerSecond: number;
}

export async function isolation(progress: (message: string) => void): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  const folder = await mkdtemp(join(tmpdir(), 'domus-bench-isolation-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  await daemon.site.networks.add({ name: NETWORK, subnet: SUBNET });
  progress('starting three domains');
  const start = async (name: keyof typeof STATIONS, disks: NewDisk[]): Promise<Station> => {
    const { mac, address } = STATIONS[name];
    const wanted = { name, memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB, disks };
    const interfaces = [{ network: NETWORK, mac, address }];
    const domain = resources.use(await DomusDomain.create(daemon, { ...wanted, interfaces }));
    return openStation(name, domain, STATIONS[name]);
  };
  const [server, client, neighbour] = await Promise.all([
    start('server', []),
    start('client', []),
    start('neighbour', [{ source: join(folder, 'disk.img'), name: 'xvda', sizeMiB: DISK_MIB }]),
  ]);
  const program = floodProgram(GATEWAY, 9, FRAME_BYTES).toString('base64');
  await neighbour.run(`echo ${program} | base64 -d >${FLOOD}; chmod +x ${FLOOD}`);
  await server.run('mkdir -p /tmp/www; echo answer >/tmp/www/small; httpd -p 80 -h /tmp/www');
  const latencies: Latencies = { computes: [], floods: [] };
  const floods: Flood[] = [];
  for (let turn = -WARM_UP_ROUNDS; turn < ROUNDS; turn++) {
    progress(turn < 0 ? `warming up, ${-turn} rounds to go` : `round ${turn + 1} of ${ROUNDS}`);
    const order: Work[] = turn % 2 === 0 ? ['computes', 'floods'] : ['floods', 'computes'];
    for (const work of order) {
      const before = await counters(neighbour);
      await neighbour.run(`touch ${BUSY}; ${WORK[work]}`);
      const times = await requestTimes(client, server.address);
      await neighbour.run(`rm ${BUSY}; wait`);
      if (turn < 0) continue;
      latencies[work].push(times);
      if (work === 'floods') floods.push(flood(before, await counters(neighbour)));
    }
  }
  return result(latencies, floods);
}

interface Counters {
  atMs: number;
  frames: number;
  sectors: number;
}

async function counters(neighbour: Station): Promise<Counters> {
  const output = await neighbour.run(COUNTERS);
  const [frames, sectors] = output.trim().split(' ').map(Number);
  return { atMs: performance.now(), frames: frames!, sectors: sectors! };
}

/** @throws MachineError when it was none: the bench would measure something else */
function flood(before: Counters, after: Counters): Flood {
  const seconds = (after.atMs - before.atMs) / 1000;
  const framesPerSecond = (after.frames - before.frames) / seconds;
  const writtenMibPerSecond = (after.sectors - before.sectors) / 2048 / seconds;
  if (framesPerSecond >= LEAST_FRAMES_A_SECOND && writtenMibPerSecond >= 1) {
    return { framesPerSecond, writtenMibPerSecond };
  }
  throw new MachineError(
    `domus: the neighbour sent ${framesPerSecond.toFixed(0)} frames and wrote ${writtenMibPerSecond.toFixed(1)} MiB a second: that is no flood`,
  );
}

/** Milliseconds of each request, by the client's clock: a program start, a connection, an answer. */
async function requestTimes(client: Station, address: string): Promise<number[]> {
  const request = `wget -q -O /dev/null http://${address}/small && echo "$a $EPOCHREALTIME"`;
  const loop = `while [ $i -lt ${REQUESTS} ]; do a=$EPOCHREALTIME; ${request}; sleep 0.0$((i % 7 + 1)); i=$((i+1)); done`;
  const output = await client.run(`i=0; ${loop}`);
  const times = parseTimes(output);
  if (times.length === REQUESTS) return times;
  throw new MachineError(`domus: only ${times.length} of ${REQUESTS} requests were answered`);
}

/** Lines of two times in seconds: the milliseconds between them. */
function parseTimes(output: string): number[] {
  return [...output.matchAll(/^(\d+\.\d+) (\d+\.\d+)$/gm)].map(
    ([, from, to]) => (Number(to) - Number(from)) * 1000,
  );
}

function result({ computes, floods }: Latencies, done: readonly Flood[]): Measurement {
  const ratios = floods.map((times, index) => p95(times) / p95(computes[index]!));
  const summary = (rounds: readonly number[][]): object => ({
    p95_ms: rounds.map((times) => round(p95(times), 2)),
    median_ms: rounds.map((times) => round(median(times), 2)),
  });
  return {
    figures: { latency_ratio: round(median(ratios), 3) },
    detail: {
      ratios: ratios.map((ratio) => round(ratio, 3)),
      requests: REQUESTS,
      computes: summary(computes),
      floods: summary(floods),
      flood_frames_per_s: done.map(({ framesPerSecond }) => round(framesPerSecond, 0)),
      flood_written_mib_per_s: done.map(({ writtenMibPerSecond }) => round(writtenMibPerSecond, 1)),
    },
    notes: [
      "A request is the client's: wget starts, fetches seven bytes from the server's httpd over the network, and ends.",
    ],
  };
}
