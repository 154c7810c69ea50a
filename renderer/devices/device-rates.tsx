import { type ReactNode, useLayoutEffect, useRef } from 'react';
import { CURVE_HEIGHT, CURVE_WIDTH, sharePaths } from '../domains/cpu-curve.ts';
import curves from '../domains/sparkline.module.css';
import { useSite } from '../site/site.ts';
import styles from './device-rates.module.css';
import { rateScale } from './rate-scale.ts';

interface Rate {
  readonly word: string;
  readonly column: 'into' | 'outOf';
  /** Now; null while the domain is off. */
  readonly bytesPerSecond: number | null;
  /** `12 requests/s` */
  readonly detail: string;
}

interface Props {
  readonly uuid: string;
  /** A disk's name or an interface's handle. */
  readonly device: string | number;
  readonly rates: readonly Rate[];
  readonly format: (bytesPerSecond: number) => string;
}

/** What a device does: the last minute as curves on one scale, and now in figures. */
export function DeviceRates({ uuid, device, rates, format }: Props) {
  const top = useRef<HTMLParagraphElement>(null);
  const { statistics } = useSite();
  useLayoutEffect(() => {
    const write = (): void => {
      const scale = rateScale(statistics.device(uuid, device));
      if (top.current !== null) top.current.textContent = `the last minute, up to ${format(scale)}`;
    };
    write();
    return statistics.subscribeDomain(uuid, write);
  }, [statistics, uuid, device, format]);
  return (
    <div className={styles.rates}>
      {rates.map(({ word, column, bytesPerSecond, detail }) => (
        <RateLine
          key={word}
          word={word}
          figure={bytesPerSecond === null ? '–' : format(bytesPerSecond)}
          detail={detail}
        >
          <RateCurve uuid={uuid} device={device} column={column} />
        </RateLine>
      ))}
      <p ref={top} className={styles.scale} />
    </div>
  );
}

interface LineProps {
  readonly word: string;
  readonly figure: string;
  readonly detail: string;
  readonly children: ReactNode;
}

function RateLine({ word, figure, detail, children }: LineProps) {
  return (
    <>
      <span className={styles.word}>{word}</span>
      <span className={styles.curve}>{children}</span>
      <span className={styles.figure}>{figure}</span>
      <span className={styles.detail}>{detail}</span>
    </>
  );
}

type CurveProps = Pick<Props, 'uuid' | 'device'> & Pick<Rate, 'column'>;

/** Drawn past React, by setting the paths as samples come. */
function RateCurve({ uuid, device, column }: CurveProps) {
  const { statistics } = useSite();
  const line = useRef<SVGPathElement>(null);
  const area = useRef<SVGPathElement>(null);
  useLayoutEffect(() => {
    const draw = (): void => {
      const history = statistics.device(uuid, device);
      const most = rateScale(history);
      const share = (age: number) => history.value(column, age) / most;
      const paths = sharePaths(history, share, statistics.timeMs, 0);
      line.current?.setAttribute('d', paths.line);
      area.current?.setAttribute('d', paths.area);
    };
    draw();
    return statistics.subscribeDomain(uuid, draw);
  }, [statistics, uuid, device, column]);
  return (
    <svg
      viewBox={`0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path ref={area} className={curves.area} />
      <path ref={line} className={curves.line} />
    </svg>
  );
}
