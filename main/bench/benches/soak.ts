/**
 * `soak`: two guests under load change places, again and again, both at once. What they hold in
 * memory and on disks in a shared pool is checked all the while by its checksums, and so are streams
 * of numbers between them and from outside; in the end the file systems are checked.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchParameters, Measurement } from '../bench.ts';
import { ECHO_PORT, endChecks, passes, startChecks, startStream } from '../guest/checked-work.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { setUpNetwork } from '../guest/network-work.ts';
import { delay } from '../measure/delay.ts';
import { NumberedStream } from '../measure/numbered-stream.ts';
import { median, round } from '../statistics/statistics.ts';
import { Daemon, HOST } from '../subject/daemon.ts';
import { addOtherHost, MovingDomain, NETWORK, OTHER_HOST } from '../subject/moving-domain.ts';
import { SYSTEM_PATH } from '../../toolstack/images/root-disk/run-tool.ts';
import { SOAK_MIGRATIONS } from '../targets.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 512;
const DISK_MIB = 32;
const POOL = 'soak';
/** It ends then, wherever it is. */
const MOST_MS = 40 * 60_000;
const WORKS = ['memory', 'disk', 'stream'] as const;
/** A pass of any takes a few seconds. */
const STANDS_STILL_MS = 60_000;
const LOOK_EVERY_MS = 500;
/** Of what went wrong; the rest is only counted. */
const MOST_TOLD = 50;

interface Soaked {
  name: string;
  moving: MovingDomain;
  shell: GuestShell;
  address: string;
  volume: string;
  stream: NumberedStream;
}

export async function soak(
  progress: (message: string) => void,
  { runs = SOAK_MIGRATIONS }: BenchParameters,
): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'domus-bench-soak-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  await addOtherHost(daemon, HOST_MIB);
  await daemon.site.pools.add({ name: POOL, kind: 'shared', path: folder });
  progress('starting two domains');
  const guests = [
    await start(daemon, resources, 'soak1', HOST, 11, folder),
    await start(daemon, resources, 'soak2', OTHER_HOST, 12, folder),
  ] as const;
  const [first, second] = guests;
  await startStream(first.shell, second.address);
  await startStream(second.shell, first.address);
  const errors: string[] = [];
  const moved = await moveAll(guests, runs, errors, progress);
  progress('checking');
  const checked: Record<string, object> = {};
  for (const guest of guests) {
    checked[guest.name] = { ...(await check(guest, errors)), stream_lines: guest.stream.received };
  }
  return {
    figures: { errors: errors.length, migrations: moved.downtimesMs.length },
    detail: {
      wanted: runs,
      downtime_ms_p50: moved.downtimesMs.length > 0 ? round(median(moved.downtimesMs), 1) : null,
      downtime_ms_max: round(Math.max(0, ...moved.downtimesMs), 1),
      checked,
      errors: errors.slice(0, MOST_TOLD),
    },
    notes: [
      ...moved.notes,
      ...(fileSystemCheck(['-V']).status === 0
        ? []
        : [
            'e2fsck is not installed (Debian: e2fsprogs): no check of the file systems, which is an error.',
          ]),
    ],
  };
}

async function start(
  daemon: Daemon,
  resources: AsyncDisposableStack,
  name: string,
  host: string,
  number: number,
  folder: string,
): Promise<Soaked> {
  const addresses = { mac: `00:16:3e:00:00:${number}`, address: `10.0.0.${number}` };
  const file = `${name}.img`;
  const moving = resources.use(
    await MovingDomain.create(daemon, {
      name,
      host,
      memoryMiB: MEMORY_MIB,
      maxMemoryMiB: MEMORY_MIB,
      disks: [{ source: `${POOL}/${file}`, name: 'xvda', format: 'raw', sizeMiB: DISK_MIB }],
      interfaces: [{ network: NETWORK, ...addresses }],
    }),
  );
  const shell = await GuestShell.open(moving.domain);
  await setUpNetwork(shell, addresses);
  await startChecks(shell);
  const stream = resources.use(new NumberedStream(await moving.forward('tcp', ECHO_PORT)));
  return { name, moving, shell, stream, address: addresses.address, volume: join(folder, file) };
}

interface Moved {
  downtimesMs: number[];
  notes: string[];
}

/** Until they were as many as wanted; a move that fails is an error, and so is the end of a guest. */
async function moveAll(
  guests: readonly Soaked[],
  wanted: number,
  errors: string[],
  progress: (message: string) => void,
): Promise<Moved> {
  const startMs = performance.now();
  const downtimesMs: number[] = [];
  const move = async ({ name, moving }: Soaked): Promise<void> => {
    try {
      const { downtimeMs, verified } = await moving.move();
      downtimesMs.push(downtimeMs);
      if (!verified) errors.push(`${name}: a move was not verified`);
    } catch (error) {
      errors.push(`${name}: a move failed: ${(error as Error).message}`);
    }
  };
  for (let asked = 0; asked < wanted;) {
    const turn = guests.slice(0, wanted - asked);
    asked += turn.length;
    await Promise.all(turn.map(move));
    progress(`${downtimesMs.length} of ${wanted} moves, ${errors.length} errors`);
    if (performance.now() - startMs < MOST_MS || asked >= wanted) continue;
    return { downtimesMs, notes: [`Its time was over after ${MOST_MS / 60_000} minutes.`] };
  }
  return { downtimesMs, notes: [] };
}

/** How often each work checked; what it found, and what is found now, goes to `errors`. */
async function check(
  { name, shell, stream, volume }: Soaked,
  errors: string[],
): Promise<Record<string, number>> {
  const add = (found: readonly string[]): void =>
    void errors.push(...found.map((error) => `${name}: ${error}`));
  stream[Symbol.dispose]();
  add(stream.errors.map((error) => `stream from outside: ${error}`));
  const counts = await passesAgain(shell);
  for (const work of WORKS) if (!counts[work]) add([`${work}: it stands still`]);
  add(await endChecks(shell));
  const { status, stdout } = fileSystemCheck(['-f', '-n', volume]);
  if (status !== 0) add([`file system: ${status === null ? 'not checked' : stdout}`]);
  return counts;
}

/** As often as each work checked, when each has done so once more; 0 for one that does not. */
async function passesAgain(shell: GuestShell): Promise<Record<string, number>> {
  const before = await passes(shell);
  const endMs = performance.now() + STANDS_STILL_MS;
  for (;;) {
    const now = await passes(shell);
    const goOn = WORKS.filter((work) => (now[work] ?? 0) > (before[work] ?? 0));
    if (goOn.length === WORKS.length || performance.now() > endMs) {
      return Object.fromEntries(goOn.map((work) => [work, now[work]!]));
    }
    await delay(LOOK_EVERY_MS);
  }
}

/** Status null: not installed. */
function fileSystemCheck(words: readonly string[]): { status: number | null; stdout: string } {
  const env = { ...process.env, PATH: [process.env['PATH'] ?? '', ...SYSTEM_PATH].join(':') };
  return spawnSync('e2fsck', words, { encoding: 'utf8', env });
}
