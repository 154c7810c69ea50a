/**
 * Measures inside a guest, by the guest's own clock and unseen from outside, how late short sleeps
 * end while it is idle. Every few seconds it times `sleep 0`, which is what starting the program
 * costs, and `sleep 0.01`; their difference less 10 ms is the overrun.
 */
import { median } from '../statistics/statistics.ts';
import type { GuestShell } from './guest-shell.ts';

const FILE = '/tmp/sleep-samples';
const ASKED_MS = 10;
const LOOP = [
  'mkdir -p /tmp',
  `( while :; do sleep 1; a=$EPOCHREALTIME; sleep 0; b=$EPOCHREALTIME; sleep 1`,
  'c=$EPOCHREALTIME; sleep 0.01; d=$EPOCHREALTIME',
  `echo "$a $b $c $d" >>${FILE}; done ) &`,
].join('; ');

export interface SleepSamples {
  /** Overruns, ms: what is beyond the 10 ms and beyond what an empty sleep takes. */
  overrunMs: number[];
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

/** Lines of four times: seconds with six decimals. @throws RangeError when there is no whole line */
export function parseSamples(text: string): SleepSamples {
  const rows = text
    .split('\n')
    .map((line) => line.split(' ').map(Number))
    .filter((times) => times.length === 4 && times.every(Number.isFinite))
    .map(([a, b, c, d]) => ({ emptyMs: (b! - a!) * 1000, sleepMs: (d! - c!) * 1000 }));
  const emptySleepMs = median(rows.map(({ emptyMs }) => emptyMs));
  return {
    emptySleepMs,
    overrunMs: rows.map(({ sleepMs }) => sleepMs - ASKED_MS - emptySleepMs),
  };
}
