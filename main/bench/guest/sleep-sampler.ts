/**
 * Measures inside a guest, unseen from outside, how late short sleeps end while it is idle: every few
 * seconds it runs `sleep 0.01`. How late that is, its kernel's own tracer says (`tracefs`): from the
 * program's system call to its return, by the guest's monotonic clock. Beside it stands what a shell
 * sees, which starts the program as well: the time of `sleep 0.01` less the median of `sleep 0`.
 */
import { median } from '../statistics/statistics.ts';
import type { GuestShell } from './guest-shell.ts';

const FILE = '/tmp/sleep-samples';
const TRACING = '/sys/kernel/tracing';
const ASKED_MS = 10;
/** The loop's own sleeps are of a second; those of `sleep 0` end at once. */
const LONGEST_MS = 900;
const TRACE = [
  `mount -t tracefs tracefs ${TRACING}`,
  `cd ${TRACING}`,
  'echo 64 >buffer_size_kb',
  'echo mono >trace_clock',
  'for call in events/syscalls/sys_*nanosleep*; do echo 1 >$call/enable; done',
].join(' && ');
const LOOP = [
  `( while :; do sleep 1; a=$EPOCHREALTIME; sleep 0; b=$EPOCHREALTIME; sleep 1`,
  'c=$EPOCHREALTIME; sleep 0.01; d=$EPOCHREALTIME',
  `echo "$a $b $c $d" >>${FILE}; done ) &`,
].join('; ');

export interface SleepSamples {
  /** Of the system calls, ms: what is beyond the 10 ms. */
  overrunMs: number[];
  /** Of the programs, ms: what is beyond the 10 ms and beyond what an empty sleep takes. */
  programOverrunMs: number[];
  /** Of `sleep 0`, median, ms. */
  emptySleepMs: number;
}

/** @throws Error where the guest's kernel cannot trace */
export async function startSampling(shell: GuestShell): Promise<void> {
  const { status, output } = await shell.run(TRACE);
  if (status !== 0) throw new Error(`the guest's kernel does not trace its sleeps: ${output}`);
  await shell.run(LOOP);
}

/** From now on: earlier samples are dropped. */
export async function dropSamples(shell: GuestShell): Promise<void> {
  await shell.run(`: >${FILE}; echo >${TRACING}/trace`);
}

export async function readSamples(shell: GuestShell): Promise<SleepSamples> {
  const { output: trace } = await shell.run(`grep sleep- ${TRACING}/trace`);
  const { output: times } = await shell.run(`cat ${FILE}`);
  return { overrunMs: parseTrace(trace), ...parseTimes(times) };
}

const EVENT = /-(\d+)\s+\[\d+\]\s+\S+\s+(\d+\.\d+): sys_\w*nanosleep\w*(\(| -> 0x0)/;

/**
 * Of the tracer's lines, a call and its return each: the overruns of the sleeps of 10 ms.
 *
 * @throws RangeError when there is none
 */
export function parseTrace(text: string): number[] {
  const entered = new Map<string, number>();
  const overruns: number[] = [];
  for (const line of text.split('\n')) {
    const [, pid, seconds, what] = EVENT.exec(line) ?? [];
    if (pid === undefined) continue;
    const atMs = Number(seconds) * 1000;
    if (what === '(') {
      entered.set(pid, atMs);
      continue;
    }
    const tookMs = atMs - (entered.get(pid) ?? atMs);
    if (tookMs >= ASKED_MS && tookMs < LONGEST_MS) overruns.push(tookMs - ASKED_MS);
  }
  if (overruns.length === 0) throw new RangeError('no sleep was traced');
  return overruns;
}

/** Lines of four times: seconds with six decimals. @throws RangeError when there is no whole line */
export function parseTimes(text: string): Omit<SleepSamples, 'overrunMs'> {
  const rows = text
    .split('\n')
    .map((line) => line.split(' ').map(Number))
    .filter((times) => times.length === 4 && times.every(Number.isFinite))
    .map(([a, b, c, d]) => ({ emptyMs: (b! - a!) * 1000, sleepMs: (d! - c!) * 1000 }));
  const emptySleepMs = median(rows.map(({ emptyMs }) => emptyMs));
  return {
    emptySleepMs,
    programOverrunMs: rows.map(({ sleepMs }) => sleepMs - ASKED_MS - emptySleepMs),
  };
}
