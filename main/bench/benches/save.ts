/**
 * `save`: a domain is written to a file and goes on from it, beside plain v86's own `save_state` and
 * `restore_state` of the same guest, which stay in memory.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SaveReport } from '../../../shared/contract/index.ts';
import type { BenchParameters, Measurement } from '../bench.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import { MachineError } from '../peers/machine.ts';
import type { StateTimes } from '../peers/plain-v86.contract.ts';
import { PlainV86 } from '../peers/plain-v86.ts';
import type { BareTimes } from '../measure/bare-file.ts';
import { timeBare } from '../measure/bare-file.ts';
import { delay } from '../measure/delay.ts';
import { median, round } from '../statistics/statistics.ts';
import { bootFiles } from '../subject/boot-files.ts';
import { Daemon } from '../subject/daemon.ts';
import { DomusDomain } from '../subject/domain.ts';

const MEMORY_MIB = 128;
const HOST_MIB = 512;
const RUNS = 10;
const NAME = 'saved';
/** Between rounds: a host has made its next thread by then, and the guest's code is translated. */
const REST_MS = 6000;

interface Saving {
  saveMs: number;
  restoreMs: number;
  bytes: number;
}

interface Round {
  domus: Saving;
  v86: StateTimes;
  bare: BareTimes;
}

export async function save(
  progress: (message: string) => void,
  { runs = RUNS }: BenchParameters,
): Promise<Measurement> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'domus-bench-save-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const daemon = resources.use(await Daemon.start(HOST_MIB));
  progress('booting plain v86');
  const v86 = resources.use(new PlainV86(await bootFiles(daemon), MEMORY_MIB));
  await GuestShell.answers(v86);
  await v86.pause();
  progress('starting the domain');
  const wanted = { name: NAME, memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB };
  const domain = resources.use(await DomusDomain.create(daemon, wanted));
  const shell = await GuestShell.open(domain);
  const rounds: Round[] = [];
  // The first is not counted.
  for (let run = 0; run <= runs; run++) {
    progress(run === 0 ? 'warming up' : `round ${run} of ${runs}`);
    const ours = await timeSaving(daemon, domain, shell, join(folder, `saved-${run}`));
    await domain.pause();
    await v86.resume();
    const peer = await v86.timeState();
    await v86.pause();
    const bare = timeBare(ours.bytes, join(folder, 'bare'));
    await domain.resume();
    if (run > 0) rounds.push({ domus: ours, v86: peer, bare });
    await delay(REST_MS);
  }
  return result(rounds);
}

/** To a file, and on from it, until its shell answers. */
async function timeSaving(
  daemon: Daemon,
  domain: DomusDomain,
  shell: GuestShell,
  file: string,
): Promise<Saving> {
  const { domains } = daemon.site;
  // What it does after it stood still is over.
  await shell.run('true');
  const startMs = performance.now();
  const saved = await daemon.done(domains.save({ domain: NAME, file }));
  const savedMs = performance.now();
  await daemon.done(domains.restore({ file }));
  await domain.reattach();
  const { status } = await shell.run('true');
  const answeredMs = performance.now();
  if (status !== 0) throw new MachineError('domus: the shell of the restored domain fails');
  const { bytes } = SaveReport.parse(saved.result);
  await rm(file, { force: true });
  return { saveMs: savedMs - startMs, restoreMs: answeredMs - savedMs, bytes };
}

function result(rounds: readonly Round[]): Measurement {
  const of = (value: (round: Round) => number): number[] => rounds.map(value);
  const both = ({ saveMs, restoreMs }: Saving | StateTimes): number => saveMs + restoreMs;
  const rounded = (times: readonly number[]): number[] => times.map((ms) => round(ms, 0));
  return {
    figures: {
      save_s: round(median(of(({ domus }) => domus.saveMs)) / 1000, 3),
      restore_s: round(median(of(({ domus }) => domus.restoreMs)) / 1000, 3),
      bytes: median(of(({ domus }) => domus.bytes)),
      ratio: round(median(of(({ domus, v86 }) => both(v86) / both(domus))), 3),
    },
    detail: {
      memory_mib: MEMORY_MIB,
      save_ms: rounded(of(({ domus }) => domus.saveMs)),
      restore_ms: rounded(of(({ domus }) => domus.restoreMs)),
      v86_save_ms: rounded(of(({ v86 }) => v86.saveMs)),
      v86_restore_ms: rounded(of(({ v86 }) => v86.restoreMs)),
      v86_bytes: median(of(({ v86 }) => v86.bytes)),
      bare_write_ms: rounded(of(({ bare }) => bare.writeMs)),
      bare_read_ms: rounded(of(({ bare }) => bare.readMs)),
      most_possible_ratio: round(
        median(of(({ bare, v86 }) => both(v86) / (bare.writeMs + bare.readMs))),
        3,
      ),
    },
    notes: [
      'most_possible_ratio is that of the bare bytes: to a file and synced, and into memory that nobody has touched, with no machine, no check, no other thread.',
      "save_s and restore_s are those of a person who asks: from the request to a file that is kept, and to a shell that answers. v86's are its two functions alone: its state stays in memory.",
    ],
  };
}
