/**
 * The `ui` benchmark: the built window with 200 synthetic domains, each updated once a second,
 * while its lists scroll. Figures come from a trace of the page's main thread.
 *
 * Prints one JSON object: `frame_ms_p95` and `longest_task_ms` by the thread's own clock, so that
 * other programs on the machine do not count; by the wall's clock beside them; and what they rest on.
 */
import { parseArgs } from 'node:util';
import { chromium, type CDPSession, type Page } from '@playwright/test';
import { CHROMIUM } from '../chromium.ts';
import { startSyntheticSite } from '../synthetic-site/start.ts';
import {
  type Clock,
  type FrameCosts,
  frameCosts,
  percentile,
  TRACE_CATEGORIES,
} from './frame-costs.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    domains: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '15' },
    'warm-up': { type: 'string', default: '20' },
    runs: { type: 'string', default: '3' },
  },
});

const SCROLL_PX_PER_SECOND = 1600;

const site = await startSyntheticSite('--domains', values.domains, '--hosts', '2');
const browser = await chromium.launch(CHROMIUM);
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(site.url);
  await page.getByRole('grid', { name: 'Domains of alpha' }).waitFor();
  const session = await page.context().newCDPSession(page);
  await scroll(page, session, Number(values['warm-up']));
  const runs: Record<Clock, FrameCosts>[] = [];
  for (let run = 0; run < Number(values.runs); run++) {
    await browser.startTracing(page, { categories: TRACE_CATEGORIES });
    await scroll(page, session, Number(values.seconds));
    const trace = (await browser.stopTracing()).toString();
    runs.push({ thread: frameCosts(trace, 'thread'), wall: frameCosts(trace, 'wall') });
  }
  const median = (figures: readonly number[]) => percentile(figures, 0.5);
  const frames = (clock: Clock, share: number) =>
    round(median(runs.map((run) => percentile(run[clock].framesMs, share))));
  const longest = (clock: Clock) => round(median(runs.map((run) => run[clock].longestTaskMs)));
  const result = {
    frame_ms_p95: frames('thread', 0.95),
    longest_task_ms: longest('thread'),
    frame_ms_median: frames('thread', 0.5),
    wall_frame_ms_p95: frames('wall', 0.95),
    wall_longest_task_ms: longest('wall'),
    frames: runs.map((run) => run.thread.framesMs.length),
    domains: Number(values.domains),
    seconds: Number(values.seconds),
    runs: runs.length,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await browser.close();
  await site.stop();
}

/** Both lists in turn, down and up, by wheel events at the display's rate. */
async function scroll(page: Page, session: CDPSession, seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1000;
  for (let turn = 0; performance.now() < until; turn++) {
    const host = turn % 4 < 2 ? 'alpha' : 'beta';
    const box = await page.getByRole('grid', { name: `Domains of ${host}` }).boundingBox();
    if (box === null) throw new Error(`the list of ${host} is not on the screen`);
    await session.send('Input.synthesizeScrollGesture', {
      x: box.x + 40,
      y: box.y + box.height / 2,
      yDistance: turn % 2 === 0 ? -2400 : 2400,
      speed: SCROLL_PX_PER_SECOND,
      gestureSourceType: 'mouse',
    });
  }
}

function round(figure: number): number {
  return Math.round(figure * 100) / 100;
}
