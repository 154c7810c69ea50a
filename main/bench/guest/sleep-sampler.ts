/**
 * Measures inside a guest, by the guest's own clock and unseen from outside, how late short sleeps
 * end while it is idle. Every few seconds it times `sleep 0`, which is what starting the program
 * costs, and `sleep 0.01`; their difference less 10 ms is the overrun. Beside them a wait of 10 ms by
 * the shell itself, which starts no program: how late the timer alone is.
 */
import { median } from '../statistics/statistics.ts';
import type { GuestShell } from './guest-shell.ts';

const FILE = '/tmp/sleep-samples';
const ASKED_MS = 10;
const LOOP = [
  'mkdir -p /tmp; mkfifo /tmp/silence',
  `( exec 3<>/tmp/silence; while :; do sleep 1; a=$EPOCHREALTIME; sleep 0; b=$EPOCHREALTIME; sleep 1`,
  'c=$EPOCHREALTIME; sleep 0.01; d=$EPOCHREALTIME; sleep 1',
  'e=$EPOCHREALTIME; read -t 0.01 line <&3; f=$EPOCHREALTIME',
  `echo "$a $b $c $d $e $f" >>${FILE}; done ) &`,
].join('; ');

export interface SleepSamples {
  /** Overruns, ms: what is beyond the 10 ms and beyond what an empty sleep takes. */
  overrunMs: number[];
  /** Of waits that start no program: what is beyond the 10 ms. */
  timerOverrunMs: number[];
  /** Of `sleep 0`, median, ms. */
  emptySleepMs: number;
}

export async function startSampling(shell: GuestShell): Promise<void> {
  await shell.run(LOOP);
}

/** From now on: earlier samples are dropped. */
export async function dropSamples(shell: GuestShell): Promise<void> {
  await shell.run(`: >${FILE}`);
}

export async function readSamples(shell: GuestShell): Promise<SleepSamples> {
  return parseSamples((await shell.run(`cat ${FILE}`)).output);
}

/** Lines of six times: seconds with six decimals. @throws RangeError when there is no whole line */
export function parseSamples(text: string): SleepSamples {
  const rows = text
    .split('\n')
    .map((line) => line.split(' ').map(Number))
    .filter((times) => times.length === 6 && times.every(Number.isFinite))
    .map(([a, b, c, d, e, f]) => ({
      emptyMs: (b! - a!) * 1000,
      sleepMs: (d! - c!) * 1000,
      waitMs: (f! - e!) * 1000,
    }));
  const emptySleepMs = median(rows.map(({ emptyMs }) => emptyMs));
  return {
    emptySleepMs,
    overrunMs: rows.map(({ sleepMs }) => sleepMs - ASKED_MS - emptySleepMs),
    timerOverrunMs: rows.map(({ waitMs }) => waitMs - ASKED_MS),
  };
}
