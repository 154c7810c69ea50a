/** `console`: how soon a key is seen, how much a guest can print, and that nothing of it is lost. */
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { SequenceCheck } from '../guest/sequence-check.ts';
import { delay } from '../measure/delay.ts';
import { residentKiB } from '../measure/process-memory.ts';
import type { Machine } from '../peers/machine.ts';
import { PlainV86 } from '../peers/plain-v86.ts';
import { median, p95, round } from '../statistics/statistics.ts';
import { bootFiles } from '../subject/boot-files.ts';
import { Daemon } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 1024;
const KEYS = 200;
/** A line of typing, before it is wiped with Control-U. */
const KEYS_A_LINE = 40;
const ROUNDS = 5;
const FLOOD_S = 4;
const FLOOD_TIMEOUT_MS = 120_000;

/** Lines of the flooded file: 8 digits, CR, LF. */
const FIRST = 10_000_001;
const LAST = 10_016_000;
const FILE_BYTES = (LAST - FIRST + 1) * 10;
const PREPARE = `seq ${FIRST} ${LAST} >/dev/shm/flood`;

interface Flood {
  bytesPerSecond: number;
  lostBytes: number;
}

export async function consoleBench(progress: (message: string) => void): Promise<Measurement> {
  await using daemon = await Daemon.start(HOST_MIB);
  await using v86 = new PlainV86(await bootFiles(daemon), MEMORY_MIB);
  const v86Shell = await GuestShell.open(v86);
  await v86Shell.run(PREPARE);
  await v86.pause();
  const wanted = { name: 'console', memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB };
  await using domus = await DomusDomain.create(daemon, wanted);
  await GuestShell.answers(domus);
  progress('typing');
  const echoMs = await typeKeys(domus);
  await (await GuestShell.open(domus)).run(PREPARE);
  await domus.pause();

  const rssBefore = residentKiB(daemon.pid);
  const floods = { domus: [] as Flood[], v86: [] as Flood[] };
  for (let turn = 1; turn <= ROUNDS; turn++) {
    progress(`flooding, round ${turn} of ${ROUNDS}`);
    floods.domus.push(await floodAlone(domus));
    floods.v86.push(await floodAlone(v86));
  }
  const grownMiB = (residentKiB(daemon.pid) - rssBefore) / 1024;
  return result(echoMs, floods, grownMiB, domus.skippedOutput);
}

/** Times from key to echo, ms: one key at a time, at a person's pace, into the shell's editor. */
async function typeKeys(machine: Machine): Promise<number[]> {
  const times: number[] = [];
  for (let key = 0; key < KEYS; key++) {
    const letter = String.fromCharCode(97 + (key % 26));
    const echoed = nextOutput(machine, letter);
    const startMs = performance.now();
    machine.write(Buffer.from(letter));
    await echoed;
    times.push(performance.now() - startMs);
    if (key % KEYS_A_LINE === KEYS_A_LINE - 1) machine.write(Buffer.from('\x15'));
    // Uneven, so that it does not run in step with anything.
    await delay(80 + ((key * 61) % 160));
  }
  return times;
}

function nextOutput(machine: Machine, text: string): Promise<void> {
  return new Promise((resolve) => {
    machine.onOutput((bytes) => {
      if (Buffer.from(bytes).includes(text)) resolve();
    });
  });
}

/** Floods for about `FLOOD_S`, by a short flood's rate; the machine is paused before and after. */
async function floodAlone(machine: Machine): Promise<Flood> {
  await machine.resume();
  await GuestShell.resume(machine);
  const { bytesPerSecond } = await flood(machine, 1);
  const cycles = Math.max(1, Math.round((bytesPerSecond * FLOOD_S) / FILE_BYTES));
  const measured = await flood(machine, cycles);
  await machine.pause();
  return measured;
}

function flood(machine: Machine, cycles: number): Promise<Flood> {
  const check = new SequenceCheck({ first: FIRST, last: LAST });
  const expected = cycles * FILE_BYTES;
  let startMs = 0;
  let firstBytes = 0;
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      check.finish(cycles);
      const seconds = (performance.now() - startMs) / 1000;
      const bytesPerSecond = (check.receivedBytes - firstBytes) / seconds;
      resolve({ bytesPerSecond, lostBytes: check.lostBytes });
    };
    const timer = setTimeout(end, FLOOD_TIMEOUT_MS);
    machine.onOutput((bytes) => {
      check.push(bytes);
      if (startMs === 0) [startMs, firstBytes] = [performance.now(), bytes.length];
      if (check.receivedBytes >= expected) end();
    });
    const loop = `i=0; while [ $i -lt ${cycles} ]; do cat /dev/shm/flood; i=$((i+1)); done\n`;
    machine.write(Buffer.from(loop));
  });
}

function result(
  echoMs: readonly number[],
  floods: Record<'domus' | 'v86', Flood[]>,
  grownMiB: number,
  skipped: boolean,
): Measurement {
  const rates = (of: 'domus' | 'v86'): number[] => floods[of].map((one) => one.bytesPerSecond);
  const ratios = rates('domus').map((rate, turn) => rate / rates('v86')[turn]!);
  const lost = (of: 'domus' | 'v86'): number =>
    floods[of].reduce((sum, one) => sum + one.lostBytes, 0);
  return {
    figures: {
      echo_ms_p95: round(p95(echoMs), 2),
      flood_ratio: round(median(ratios), 3),
      lost_bytes: lost('domus'),
    },
    detail: {
      echo_ms_median: round(median(echoMs), 2),
      echo_ms_worst: round(Math.max(...echoMs), 2),
      flood_bytes_per_s: round(median(rates('domus')), 0),
      v86_bytes_per_s: round(median(rates('v86')), 0),
      ratios: ratios.map((ratio) => round(ratio, 3)),
      v86_lost_bytes: lost('v86'),
      process_grew_mib: round(grownMiB, 1),
      console_skipped_output: skipped,
    },
    notes: [],
  };
}
