import { useRef } from 'react';
import { milliseconds } from '../design/format.ts';
import { useWidth } from '../design/use-width.ts';
import type { Column } from './move-columns.ts';
import styles from './time-strip.module.css';
import type { Pointing } from './plot.tsx';

interface Props {
  readonly columns: readonly Column[];
  readonly pointing: Pointing;
}

interface Part {
  readonly ms: number;
  readonly kind: Column['kind'];
}

const HEIGHT = 12;
/** A stop is seen, however short. */
const LEAST_STOP_PX = 2;
/** Of a name inside its part. */
const NAME_PX = 64;

/** The rounds and the stop one after another, to the scale of time. */
export function TimeStrip({ columns, pointing }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const parts = columns.map(partOf);
  const totalMs = parts.reduce((sum, { ms }) => sum + ms, 0);
  const stop = parts.find(({ kind }) => kind === 'stop');
  const runMs = totalMs - (stop?.ms ?? 0);
  const perMs = totalMs === 0 ? 0 : width / totalMs;
  let at = 0;
  return (
    <div className={styles.strip} aria-hidden="true">
      <p className={styles.words}>
        <span>
          To scale: it ran for {milliseconds(runMs)} while it was copied
          {stop === undefined && ' until now'}
        </span>
        {stop !== undefined && (
          <strong className={styles.stop}>stood still for {milliseconds(stop.ms)}</strong>
        )}
      </p>
      <div ref={place}>
        <svg width={width} height={HEIGHT} onPointerLeave={() => pointing.point(null)}>
          {parts.map(({ ms, kind }, index) => {
            const [x, real] = [at, ms * perMs];
            at += real;
            const shown = kind === 'stop' ? Math.max(LEAST_STOP_PX, real) : real;
            return (
              <g key={index} onPointerMove={() => pointing.point(index)}>
                <rect
                  className={styles.part}
                  data-kind={kind}
                  data-lit={pointing.index === index}
                  x={kind === 'stop' ? width - shown : x}
                  width={Math.max(0, kind === 'stop' ? shown : shown - 1)}
                  height={HEIGHT}
                />
                {kind !== 'stop' && real >= NAME_PX && (
                  <text className={styles.name} x={x + real / 2} y={HEIGHT - 2.5}>
                    round {index + 1}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </div>
  );
}

function partOf(column: Column): Part {
  switch (column.kind) {
    case 'round':
      return { kind: column.kind, ms: column.round.ms };
    case 'current':
      return { kind: column.kind, ms: column.current.ms };
    case 'stop':
      return { kind: column.kind, ms: column.outcome.downtimeMs };
  }
}
