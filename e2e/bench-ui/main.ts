/**
 * The `ui` benchmark: the built window with 200 synthetic domains, each updated once a second,
 * while its lists scroll. Figures come from a trace of the page's main thread.
 *
 * Prints one JSON object: `frame_ms_p95`, `longest_task_ms` and what they rest on.
 */
import { parseArgs } from 'node:util';
import { chromium, type CDPSession, type Page } from '@playwright/test';
import { CHROMIUM } from '../chromium.ts';
import { startSyntheticSite } from '../synthetic-site/start.ts';
import { frameCosts, percentile, TRACE_CATEGORIES } from './frame-costs.ts';

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
  const runs = [];
  for (let run = 0; run < Number(values.runs); run++) {
    await browser.startTracing(page, { categories: TRACE_CATEGORIES });
    await scroll(page, session, Number(values.seconds));
    runs.push(frameCosts((await browser.stopTracing()).toString()));
  }
  const median = (figures: readonly number[]) => percentile(figures, 0.5);
  const result = {
    frame_ms_p95: round(median(runs.map((run) => percentile(run.framesMs, 0.95)))),
    longest_task_ms: round(median(runs.map((run) => run.longestTaskMs))),
    frame_ms_median: round(median(runs.map((run) => percentile(run.framesMs, 0.5)))),
    frames: runs.map((run) => run.framesMs.length),
    longest_task_ms_worst: round(Math.max(...runs.map((run) => run.longestTaskMs))),
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
