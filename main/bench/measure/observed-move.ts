/** A move as somebody outside of the guest sees it. */
import { MachineError } from '../peers/machine.ts';
import { delay } from './delay.ts';
import type { Beats } from './beats.ts';
import type { HttpLoad } from './http-load.ts';
import type { Done, Speed } from './outside.ts';
import {
  longestSilence,
  nowMs,
  quickness,
  rate,
  recoveryMs,
  speedIn,
  usualSilenceMs,
} from './outside.ts';
import type { Probe } from './probe.ts';

/** Until answers come as usual, after it stood still: once more as long as there are none, some times. */
const SETTLE_MS = 400;
const MOST_SETTLES = 50;
/** What is usual is told of this time before the move. */
const CALM_MS = 1000;
/** After it. The silence of a move that takes long to be noticed is in it. */
const LEAST_AFTER_MS = 600;
/** Speeds are those of half a second. */
const WINDOW_MS = 500;
const LOOK_EVERY_MS = 200;
/** A guest that is slower for longer is said to be so for as long. */
export const MOST_AFTER_MS = 3000;
const RECOVERED = 0.9;

/** Who looks: always the probe; by workload one of the others. */
export interface Outside {
  /** Of the machine, for errors. */
  name: string;
  probe: Probe;
  /** Starts to ask. */
  load: (() => HttpLoad) | null;
  beats: Beats | null;
}

export interface SeenMove {
  /** The longest silence from the move's start to its end, less what is usual. */
  gapMs: number;
  /** Median time between two answers before it, and the longest. */
  usualMs: number;
  usualLongestMs: number;
  /** From the start of that silence to 90 % of the speed before; null: not in {@link MOST_AFTER_MS}. */
  recoveryMs: number | null;
  /** Of the workload, each second, before. */
  speedBefore: number;
  requests: number;
  /** When they were asked, from the move's start on. */
  lostAtMs: number[];
  /** The longest that the probe itself did not ask. */
  probePauseMs: number;
}

/**
 * The machine must run; nobody asks it afterwards. `move` ends when the machine runs at its new place.
 *
 * @throws MachineError when it answers nothing before the move
 */
export async function observeMove<T>(
  { name, probe, load, beats }: Outside,
  move: () => Promise<T>,
): Promise<{ result: T; seen: SeenMove }> {
  await probe.take();
  beats?.take();
  probe.ask();
  const asking = load?.() ?? null;
  for (let settles = 0, answers = 0; answers === 0 && settles < MOST_SETTLES; settles++) {
    await delay(SETTLE_MS);
    answers = (await probe.take()).answeredAtMs.length;
  }
  const record = new Record(probe, asking, beats);
  const calmFromMs = nowMs();
  await delay(CALM_MS);
  const fromMs = nowMs();
  await record.read();
  const usualMs = usualSilenceMs(record.answers, calmFromMs, fromMs);
  const before = speedIn(record.speed, record.done, calmFromMs, fromMs - calmFromMs);
  if (Number.isNaN(usualMs)) throw new MachineError(`${name}: the guest does not answer the probe`);
  if (before === 0) throw new MachineError(`${name}: the guest did none of its work for a second`);
  const moveFromMs = nowMs();
  const result = await move();
  const endMs = nowMs();
  await delay(LEAST_AFTER_MS);
  await record.read();
  const stop = longestSilence(record.answers, moveFromMs, endMs + LEAST_AFTER_MS);
  const recovered = (): number | null =>
    recoveryMs(record.speed, record.done, {
      fromMs: stop.fromMs,
      toMs: record.readAtMs,
      windowMs: WINDOW_MS,
      wanted: before * RECOVERED,
    });
  while (recovered() === null && nowMs() < endMs + MOST_AFTER_MS) {
    await delay(LOOK_EVERY_MS);
    await record.read();
  }
  probe.rest();
  await record.end();
  return {
    result,
    seen: {
      gapMs: Math.max(0, stop.ms - usualMs),
      usualMs,
      usualLongestMs: longestSilence(record.answers, calmFromMs, fromMs).ms,
      recoveryMs: recovered(),
      speedBefore: before,
      requests: record.requests,
      lostAtMs: record.lostAtMs.map((atMs) => atMs - moveFromMs),
      probePauseMs: record.probePauseMs,
    },
  };
}

class Record {
  /** When the probe got answers. */
  readonly answers: number[] = [];
  /** Of the workload. */
  readonly done: Done[] = [];
  readonly speed: Speed;
  requests = 0;
  readonly lostAtMs: number[] = [];
  probePauseMs = 0;
  readAtMs = 0;
  private readonly probe: Probe;
  private readonly load: HttpLoad | null;
  private readonly beats: Beats | null;

  constructor(probe: Probe, load: HttpLoad | null, beats: Beats | null) {
    this.probe = probe;
    this.load = load;
    this.beats = beats;
    this.speed = beats ? rate : quickness;
  }

  async read(): Promise<void> {
    const { askedAtMs, answeredAtMs, ownPauseMs } = await this.probe.take();
    this.readAtMs = nowMs();
    this.probePauseMs = Math.max(this.probePauseMs, ownPauseMs);
    for (const [index, atMs] of answeredAtMs.entries()) {
      this.answers.push(atMs);
      if (!this.load && !this.beats) this.done.push({ atMs, tookMs: atMs - askedAtMs[index]! });
    }
    for (const atMs of this.beats?.take() ?? []) this.done.push({ atMs, tookMs: 0 });
    this.add(this.load?.take() ?? []);
  }

  /** Every request is counted, whenever it was asked. */
  async end(): Promise<void> {
    this.add((await this.load?.stop()) ?? []);
  }

  private add(requests: ReturnType<HttpLoad['take']>): void {
    for (const { askedAtMs, answeredAtMs } of requests) {
      this.requests++;
      if (answeredAtMs === null) this.lostAtMs.push(askedAtMs);
      else this.done.push({ atMs: answeredAtMs, tookMs: answeredAtMs - askedAtMs });
    }
  }
}
