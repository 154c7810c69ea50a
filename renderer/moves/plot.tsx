import { type PointerEvent, type ReactNode, useRef } from 'react';
import { useWidth } from '../design/use-width.ts';
import type { Scale, Slots } from './chart-scale.ts';
import { slots } from './chart-scale.ts';
import styles from './plot.module.css';

/** Which column is looked at, in all plots of a move; null: none. */
export interface Pointing {
  readonly index: number | null;
  readonly point: (index: number | null) => void;
}

interface Props {
  readonly title: ReactNode;
  /** Below the columns. */
  readonly names: readonly string[];
  readonly height: number;
  readonly pointing: Pointing;
  readonly scale: (height: number) => Scale;
  readonly format: (value: number) => string;
  readonly children: (plot: Plotted) => ReactNode;
}

export interface Plotted {
  readonly slots: Slots;
  readonly y: (value: number) => number;
  /** Where the axis lies, px. */
  readonly bottom: number;
}

/** Room for what stands above the highest column, the axis' names, and the columns' names. */
const TOP = 16;
const LEFT = 66;
const BOTTOM = 18;
/** Between the middles of two names below columns, px. */
const NAME_SPACE = 18;

/** An axis from zero, columns beside each other, one of them lit in all plots of the move. */
export function Plot({ title, names, height, pointing, scale, format, children }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place, 400);
  const bottom = height - TOP - BOTTOM;
  const columns = slots(names.length, width - LEFT);
  const { y, ticks } = scale(bottom);
  const every = Math.ceil(NAME_SPACE / columns.width);
  const follow = (event: PointerEvent<SVGSVGElement>): void => {
    const { left } = event.currentTarget.getBoundingClientRect();
    pointing.point(columns.at(event.clientX - left - LEFT));
  };
  return (
    <figure className={styles.plot}>
      <figcaption>{title}</figcaption>
      <div ref={place} className={styles.place} style={{ height }}>
        <svg
          width={width}
          height={height}
          aria-hidden="true"
          onPointerMove={follow}
          onPointerLeave={() => pointing.point(null)}
        >
          <g transform={`translate(${LEFT} ${TOP})`}>
            {pointing.index !== null && pointing.index < names.length && (
              <rect
                className={styles.lit}
                x={columns.x(pointing.index) - columns.width / 2}
                y={-TOP}
                width={columns.width}
                height={TOP + bottom}
              />
            )}
            {ticks.map((tick) => (
              <g key={tick} transform={`translate(0 ${y(tick)})`}>
                <line className={tick === 0 ? styles.axis : styles.grid} x2={width - LEFT} />
                <text className={styles.tick} x={-8} dy="0.32em">
                  {format(tick)}
                </text>
              </g>
            ))}
            {children({ slots: columns, y, bottom })}
            {names.map((name, index) => (
              <text
                key={name}
                className={styles.name}
                data-lit={pointing.index === index}
                x={columns.x(index)}
                y={bottom + 14}
              >
                {index % every === 0 || name === 'stop' ? name : ''}
              </text>
            ))}
          </g>
        </svg>
      </div>
    </figure>
  );
}
