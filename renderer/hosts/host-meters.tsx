import type { Host } from '../../shared/contract/schemas.ts';
import { memoryOf, mib, memory } from '../design/format.ts';
import { CpuPercent, HostCpuPercent, HostCpuSparkline } from '../domains/cpu-figure.tsx';
import type { RosterEntry } from '../site/keys.ts';
import { useHostSample } from '../site/queries.ts';
import styles from './host-meters.module.css';

interface Props {
  readonly host: Host;
  readonly domain0: RosterEntry | undefined;
}

/** A host's memory (domain 0, domains, free), its CPU, and domain 0's share of both. */
export function HostMeters({ host, domain0 }: Props) {
  return (
    <div className={styles.meters}>
      <MemoryMeter host={host} />
      <span className={styles.word}>CPU</span>
      <HostCpuSparkline name={host.name} />
      <span className={styles.figure}>
        <HostCpuPercent name={host.name} />
      </span>
      <p className={styles.domain0}>
        Domain 0: {memory(host.domain0KiB)}
        {domain0 !== undefined && (
          <>
            , <CpuPercent uuid={domain0.uuid} />
          </>
        )}
      </p>
    </div>
  );
}

function MemoryMeter({ host }: { readonly host: Host }) {
  const sample = useHostSample(host.name);
  const freeKiB = sample?.freeKiB ?? host.freeKiB;
  const usedKiB = host.memoryKiB - freeKiB;
  const share = (kib: number) => `${(100 * kib) / Math.max(1, host.memoryKiB)}%`;
  return (
    <>
      <span className={styles.word}>Memory</span>
      <div
        role="meter"
        className={styles.bar}
        aria-label={`Memory of ${host.name}`}
        aria-valuemin={0}
        aria-valuemax={Number(mib(host.memoryKiB))}
        aria-valuenow={Number(mib(usedKiB))}
        aria-valuetext={`${memoryOf(usedKiB, host.memoryKiB)} used`}
      >
        <span className={styles.own} style={{ width: share(host.domain0KiB) }} />
        <span
          className={styles.guests}
          style={{ width: share(Math.max(0, usedKiB - host.domain0KiB)) }}
        />
      </div>
      <span className={styles.figure}>{memoryOf(usedKiB, host.memoryKiB)}</span>
    </>
  );
}
