/** `console`: how soon a key is seen, how much a guest can print, and that nothing of it is lost. */
import type { Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { SequenceCheck, sequenceBytes, writeSequence } from '../guest/sequence-check.ts';
import type { Sequence } from '../guest/sequence-check.ts';
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
const ROUNDS = 4;
const FLOOD_S = 4;
const FLOOD_TIMEOUT_MS = 120_000;

/** What is printed without end: lines as long as a log's, and, for the detail, short ones. */
const SEQUENCES: Record<'long' | 'short', Sequence> = {
  long: {
    first: 10_000_001,
    last: 10_002_000,
    text: ' kernel: eth0: link becomes ready, 1000 Mbit per second, full duplex',
  },
  short: { first: 10_000_001, last: 10_012_000, text: '' },
};
type Lines = keyof typeof SEQUENCES;
const LINES = Object.keys(SEQUENCES) as Lines[];
const fileOf = (lines: Lines): string => `/dev/shm/${lines}`;

interface Flood {
  bytesPerSecond: number;
  lostBytes: number;
}

/** By length of lines: one pair a round. */
type Floods = Record<Lines, { domus: Flood; v86: Flood }[]>;

export async function consoleBench(progress: (message: string) => void): Promise<Measurement> {
  await using daemon = await Daemon.start(HOST_MIB);
  await using v86 = new PlainV86(await bootFiles(daemon), MEMORY_MIB);
  const v86Shell = await GuestShell.open(v86);
  await writeFiles(v86Shell);
  await v86.pause();
  const wanted = { name: 'console', memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB };
  await using domus = await DomusDomain.create(daemon, wanted);
  await GuestShell.answers(domus);
  progress('typing');
  const echoMs = await typeKeys(domus);
  await writeFiles(await GuestShell.open(domus));
  await domus.pause();

  const rssBefore = residentKiB(daemon.pid);
  const floods: Floods = { long: [], short: [] };
  for (let turn = 1; turn <= ROUNDS; turn++) {
    progress(`flooding, round ${turn} of ${ROUNDS}`);
    for (const lines of LINES) {
      const own = await floodAlone(domus, lines);
      floods[lines].push({ domus: own, v86: await floodAlone(v86, lines) });
    }
  }
  const grownMiB = (residentKiB(daemon.pid) - rssBefore) / 1024;
  return result(echoMs, floods, grownMiB, domus.skippedOutput);
}

async function writeFiles(shell: GuestShell): Promise<void> {
  for (const lines of LINES) await shell.run(writeSequence(SEQUENCES[lines], fileOf(lines)));
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
async function floodAlone(machine: Machine, lines: Lines): Promise<Flood> {
  await machine.resume();
  await GuestShell.resume(machine);
  const { bytesPerSecond } = await flood(machine, lines, 1);
  const wanted = (bytesPerSecond * FLOOD_S) / sequenceBytes(SEQUENCES[lines]);
  const measured = await flood(machine, lines, Math.max(1, Math.round(wanted)));
  await machine.pause();
  return measured;
}

function flood(machine: Machine, lines: Lines, cycles: number): Promise<Flood> {
  const check = new SequenceCheck(SEQUENCES[lines]);
  const expected = cycles * sequenceBytes(SEQUENCES[lines]);
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
    const loop = `i=0; while [ $i -lt ${cycles} ]; do cat ${fileOf(lines)}; i=$((i+1)); done\n`;
    machine.write(Buffer.from(loop));
  });
}

function result(
  echoMs: readonly number[],
  floods: Floods,
  grownMiB: number,
  skipped: boolean,
): Measurement {
  const all = Object.values(floods).flat();
  const ratio = (lines: Lines): number =>
    median(floods[lines].map(({ domus, v86 }) => domus.bytesPerSecond / v86.bytesPerSecond));
  return {
    figures: {
      echo_ms_p95: round(p95(echoMs), 2),
      flood_ratio: round(ratio('long'), 3),
      lost_bytes: all.reduce((sum, { domus }) => sum + domus.lostBytes, 0),
    },
    detail: {
      echo_ms_median: round(median(echoMs), 2),
      echo_ms_worst: round(Math.max(...echoMs), 2),
      ratio_of_short_lines: round(ratio('short'), 3),
      bytes_per_s: Object.fromEntries(LINES.map((lines) => [lines, rates(floods[lines])])),
      v86_lost_bytes: all.reduce((sum, { v86 }) => sum + v86.lostBytes, 0),
      process_grew_mib: round(grownMiB, 1),
      console_skipped_output: skipped,
    },
    notes: [],
  };
}

function rates(pairs: readonly { domus: Flood; v86: Flood }[]): Record<'domus' | 'v86', number[]> {
  const of = (machine: 'domus' | 'v86'): number[] =>
    pairs.map((pair) => Math.round(pair[machine].bytesPerSecond));
  return { domus: of('domus'), v86: of('v86') };
}
