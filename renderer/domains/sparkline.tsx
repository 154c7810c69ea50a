import { useEffect, useRef } from 'react';
import { isDark } from '../app/theme.ts';
import { GAP_MS, type History } from '../site/history.ts';
import styles from './sparkline.module.css';

const SHOWN_MS = 60_000;

export interface SparklineSource {
  /** @returns its own undo. */
  subscribe(listener: () => void): () => void;
  readonly history: History<'cpuPercent'>;
  /** Of the newest sample of the site: what stands still slides away to the left. */
  nowMs(): number;
}

/**
 * The last minute of CPU use, drawn on a canvas as samples come, past React. From zero to a
 * hundred per cent; a gap in the samples is a gap in the line.
 */
export function Sparkline({ source }: { readonly source: SparklineSource }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    if (canvas === null) return;
    const draw = (): void => drawSparkline(canvas, source);
    draw();
    const undo = [source.subscribe(draw), isDark.subscribe(draw)];
    return () => undo.forEach((each) => each());
  }, [source]);
  // The figure beside it says the same in words.
  return <canvas ref={ref} className={styles.sparkline} aria-hidden="true" />;
}

function drawSparkline(canvas: HTMLCanvasElement, source: SparklineSource): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const ratio = window.devicePixelRatio;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (width === 0 || height === 0) return;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  } else context.clearRect(0, 0, width, height);
  context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
  context.lineWidth = ratio;
  context.lineJoin = 'round';
  for (const stretch of stretches(source)) drawStretch(context, stretch, width, height, ratio);
}

interface Point {
  /** 0 at the left edge, 1 at the right. */
  readonly x: number;
  /** 0 to 1. */
  readonly y: number;
}

/** The points of the last minute, newest first, cut where samples are missing. */
function stretches({ history, nowMs }: SparklineSource): Point[][] {
  const now = nowMs();
  const found: Point[][] = [];
  let lastMs = Infinity;
  for (let age = 0; age < history.length; age++) {
    const timeMs = history.timeMs(age);
    if (now - timeMs > SHOWN_MS) break;
    if (lastMs - timeMs > GAP_MS) found.push([]);
    found.at(-1)?.push({
      x: 1 - (now - timeMs) / SHOWN_MS,
      y: Math.min(1, history.value('cpuPercent', age) / 100),
    });
    lastMs = timeMs;
  }
  return found;
}

function drawStretch(
  context: CanvasRenderingContext2D,
  points: readonly Point[],
  width: number,
  height: number,
  ratio: number,
): void {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return;
  const floor = height - ratio;
  const y = (point: Point): number => floor - point.y * (height - 2 * ratio);
  context.beginPath();
  for (const point of points) context.lineTo(point.x * width, y(point));
  context.stroke();
  context.lineTo(last.x * width, height);
  context.lineTo(first.x * width, height);
  context.globalAlpha = 0.16;
  context.fill();
  context.globalAlpha = 1;
}
