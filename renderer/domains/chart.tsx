import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { isDark } from '../app/theme.ts';
import { cssColour } from '../design/css-colour.ts';
import { GAP_MS } from '../site/history.ts';
import { useSite } from '../site/site.ts';
import type { DomainHistory } from '../site/statistics.ts';
import { useValue } from '../state/value.ts';
import styles from './chart.module.css';

type Column = Parameters<DomainHistory['value']>[0];

export interface ChartLine {
  readonly column: Column;
  readonly label: string;
  readonly tone: 'accent' | 'muted';
}

interface Props {
  readonly uuid: string;
  readonly title: string;
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
  readonly top: number | null;
  /** Memory's axis has whole powers of two; an idle rate's ends at ten kilobytes a second. */
  readonly unit: 'memory' | 'rate' | 'count';
}

const HEIGHT = 170;
/** A time of eight characters, and the space to its neighbour. */
const TIME_LABEL_PX = 72;
const WINDOW_S = 600;
/** A young history fills at least this much of the axis, then grows to the whole window. */
const LEAST_WINDOW_S = 120;
const MIB_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096].map(
  (mib) => mib * 1024,
);
/** Of an axis whose largest value is not known. */
const LEAST_TOP = { memory: 1024, rate: 10_000, count: 10 } as const;
/** Charts of one page share the crosshair. */
const CROSSHAIR = uPlot.sync('domain');

/** Time from left to right, values from zero; what was not measured is a gap. */
export function Chart({ uuid, title, lines, format, top, unit }: Props) {
  const { statistics } = useSite();
  const place = useRef<HTMLDivElement>(null);
  const dark = useValue(isDark);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const { history } = statistics.domain(uuid);
    const data = (): uPlot.AlignedData => chartData(history, lines, statistics.timeMs);
    const options = chartOptions(element, { lines, format, top, unit });
    const chart = new uPlot(options, data(), element);
    const update = (): void => {
      chart.setData(data());
      showNewest(chart);
    };
    showNewest(chart);
    const undo = statistics.subscribeDomain(uuid, update);
    const resize = new ResizeObserver(() => {
      chart.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    resize.observe(element);
    return () => {
      undo();
      resize.disconnect();
      chart.destroy();
    };
    // `dark`: a canvas keeps the colours it was made with.
  }, [statistics, uuid, lines, format, top, unit, dark]);
  return (
    <figure className={styles.chart}>
      <figcaption>{title}</figcaption>
      <div ref={place} className={styles.place} />
    </figure>
  );
}

/** While nobody points at a moment, the legend tells the newest. */
function showNewest(chart: uPlot): void {
  if (typeof chart.cursor.idx !== 'number') chart.setLegend({ idx: chart.data[0].length - 1 });
}

function chartData(
  history: DomainHistory,
  lines: readonly ChartLine[],
  nowMs: number,
): uPlot.AlignedData {
  const times: number[] = [];
  const values: (number | null)[][] = lines.map(() => []);
  for (let age = history.length - 1; age >= 0; age--) {
    const timeMs = history.timeMs(age);
    if (nowMs - timeMs > WINDOW_S * 1000) continue;
    const before = times.at(-1);
    if (before !== undefined && timeMs - before * 1000 > GAP_MS) {
      times.push(before + 0.001);
      for (const column of values) column.push(null);
    }
    times.push(timeMs / 1000);
    lines.forEach(({ column }, index) => values[index]!.push(history.value(column, age)));
  }
  return [times, ...values] as uPlot.AlignedData;
}

function chartOptions(
  element: HTMLElement,
  { lines, format, top, unit }: Pick<Props, 'lines' | 'format' | 'top' | 'unit'>,
): uPlot.Options {
  const colour = (token: string): string => cssColour(element, token);
  const axis = {
    stroke: colour('--muted'),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: colour('--hairline'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { live: true },
    cursor: { sync: { key: CROSSHAIR.key }, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: {
        time: true,
        range: (_chart, least, most) => [
          Math.max(most - WINDOW_S, Math.min(least, most - LEAST_WINDOW_S)),
          most,
        ],
      },
      y: { range: (_chart, _least, most) => [0, top ?? Math.max(LEAST_TOP[unit], most * 1.1)] },
    },
    axes: [
      { ...axis, size: 24, space: TIME_LABEL_PX, values: '{HH}:{mm}:{ss}' },
      {
        ...axis,
        size: 72,
        values: (_chart, splits) => splits.map(format),
        ...(unit === 'memory' ? { incrs: MIB_STEPS } : {}),
      },
    ],
    series: [
      { label: 'time', value: '{HH}:{mm}:{ss}' },
      ...lines.map(({ label, tone }) => ({
        label,
        stroke: colour(tone === 'accent' ? '--accent' : '--muted'),
        width: tone === 'accent' ? 1.5 : 1,
        ...(tone === 'accent' ? { fill: colour('--selected') } : { dash: [4, 3] }),
        points: { show: false },
        value: (_chart: uPlot, value: number | null) => (value === null ? '–' : format(value)),
      })),
    ],
  };
}
