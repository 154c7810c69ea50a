/** What a Chromium trace says about one page's main thread. */

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Microseconds that the thread itself ran: less than `dur` where others had the CPU. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface FrameCosts {
  /** Main-thread milliseconds of each frame: all tasks from one commit to the next. */
  readonly framesMs: readonly number[];
  readonly longestTaskMs: number;
}

/** `thread`: what the page's own work takes. `wall`: with what other programs took meanwhile. */
export type Clock = 'thread' | 'wall';

export const TRACE_CATEGORIES = [
  'toplevel',
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  '__metadata',
];

/** @throws Error when the trace has no main thread with frames: then nothing was measured. */
export function frameCosts(trace: string, clock: Clock): FrameCosts {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const costMs = ({ dur = 0, tdur = dur }: TraceEvent) => (clock === 'wall' ? dur : tdur) / 1000;
  const main = busiestMainThread(traceEvents);
  const own = traceEvents
    .filter((event) => `${event.pid}.${event.tid}` === main)
    .sort((a, b) => a.ts - b.ts);
  const tasks = outermost(own.filter(({ name, ph }) => ph === 'X' && name.endsWith('RunTask')));
  const starts = own.filter((event) => event.name === 'Commit').map(({ ts }) => ts);
  if (starts.length < 2) throw new Error('the trace has no frames: the page was not drawn');
  const frames = new Array<number>(starts.length - 1).fill(0);
  let frame = 0;
  for (const task of tasks) {
    while (frame < frames.length && task.ts >= starts[frame + 1]!) frame++;
    if (frame >= frames.length) break;
    if (task.ts >= starts[0]!) frames[frame]! += costMs(task);
  }
  return { framesMs: frames, longestTaskMs: Math.max(0, ...tasks.map(costMs)) };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** A browser has several renderers; the page is the one that draws. */
function busiestMainThread(events: readonly TraceEvent[]): string {
  const frames = new Map<string, number>();
  for (const { name, args, pid, tid } of events) {
    if (name === 'thread_name' && args?.name === 'CrRendererMain') frames.set(`${pid}.${tid}`, 0);
  }
  for (const { name, pid, tid } of events) {
    const thread = `${pid}.${tid}`;
    if (name === 'Commit' && frames.has(thread)) {
      frames.set(thread, frames.get(thread)! + 1);
    }
  }
  const [busiest] = [...frames].toSorted((a, b) => b[1] - a[1]);
  if (busiest === undefined) throw new Error('the trace has no renderer');
  return busiest[0];
}

/** Tasks may nest; only the outer one counts. */
function outermost(tasks: readonly TraceEvent[]): TraceEvent[] {
  const kept: TraceEvent[] = [];
  let endsAt = -Infinity;
  for (const task of tasks) {
    if (task.ts < endsAt) continue;
    kept.push(task);
    endsAt = task.ts + (task.dur ?? 0);
  }
  return kept;
}
