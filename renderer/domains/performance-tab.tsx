import { useMemo } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { Empty } from '../design/empty.tsx';
import { bandwidth, count, memory, percent, rate } from '../design/format.ts';
import { useDomainSample } from '../site/queries.ts';
import { Chart, type ChartLine } from './chart.tsx';
import styles from './performance-tab.module.css';

/** The last ten minutes, one crosshair for all charts. */
export function PerformanceTab({ domain }: { readonly domain: Domain }) {
  const { uuid } = domain;
  const hasSample = useDomainSample(uuid) !== null;
  const mostKiB = domain.memory.maximumKiB;
  const lines = useMemo(() => chartLines(mostKiB), [mostKiB]);
  if (!hasSample && domain.domid === null) {
    return (
      <Empty icon="events" title={`${domain.name} is off`}>
        <p>Figures begin when it runs.</p>
      </Empty>
    );
  }
  return (
    <div className={styles.charts}>
      {lines.map((chart) => (
        <Chart key={chart.title} uuid={uuid} {...chart} />
      ))}
    </div>
  );
}

interface ChartSpec {
  readonly title: string;
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
  /** The top of the axis where it is known; else the largest value. */
  readonly top: number | null;
  readonly unit: 'memory' | 'rate' | 'count';
}

function chartLines(mostKiB: number): readonly ChartSpec[] {
  return [
    {
      title: 'CPU, of one pCPU',
      lines: [{ column: 'cpuPercent', label: 'CPU', tone: 'accent' }],
      format: percent,
      top: 100,
      unit: 'count',
    },
    {
      title: 'Memory',
      lines: [
        { column: 'actualKiB', label: 'has', tone: 'accent' },
        { column: 'targetKiB', label: 'asked', tone: 'muted' },
      ],
      format: memory,
      top: mostKiB,
      unit: 'memory',
    },
    {
      title: 'Disks',
      lines: [
        { column: 'diskRead', label: 'read', tone: 'accent' },
        { column: 'diskWritten', label: 'written', tone: 'muted' },
      ],
      format: rate,
      top: null,
      unit: 'rate',
    },
    {
      title: 'Networks',
      lines: [
        { column: 'received', label: 'received', tone: 'accent' },
        { column: 'sent', label: 'sent', tone: 'muted' },
      ],
      format: bandwidth,
      top: null,
      unit: 'rate',
    },
    {
      title: 'Hypercalls a second',
      lines: [{ column: 'hypercalls', label: 'hypercalls', tone: 'accent' }],
      format: count,
      top: null,
      unit: 'count',
    },
    {
      title: 'Events a second',
      lines: [{ column: 'events', label: 'events', tone: 'accent' }],
      format: count,
      top: null,
      unit: 'count',
    },
  ];
}
