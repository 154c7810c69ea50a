import { useMemo } from 'react';
import { percent } from '../design/format.ts';
import { useDomainSample, useHostSample } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { Sparkline } from './sparkline.tsx';

export function CpuPercent({ uuid }: { readonly uuid: string }) {
  const sample = useDomainSample(uuid);
  return <>{sample === null ? '–' : percent(sample.cpuPercent)}</>;
}

export function HostCpuPercent({ name }: { readonly name: string }) {
  const sample = useHostSample(name);
  return <>{sample === null ? '–' : percent(sample.cpuPercent)}</>;
}

export function HostCpuSparkline({ name }: { readonly name: string }) {
  const { statistics } = useSite();
  const source = useMemo(
    () => ({
      subscribe: (listener: () => void) => statistics.subscribeHost(name, listener),
      history: statistics.host(name).history,
      nowMs: () => statistics.timeMs,
    }),
    [statistics, name],
  );
  return <Sparkline source={source} />;
}
