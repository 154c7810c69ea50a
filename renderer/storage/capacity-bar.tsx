import type { Pool } from '../../shared/contract/schemas.ts';
import { size } from '../design/format.ts';
import styles from './storage.module.css';

/** Of the file system that a pool lies on: its volumes, everything else, and what is free. */
export function CapacityBar({ pool }: { readonly pool: Pool }) {
  const { name, capacityBytes, freeBytes } = pool;
  if (capacityBytes === null || freeBytes === null || capacityBytes === 0) return null;
  const own = pool.volumes.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0);
  const used = Math.max(own, capacityBytes - freeBytes);
  const share = (bytes: number) => `${(100 * bytes) / capacityBytes}%`;
  return (
    <div
      role="meter"
      className={styles.bar}
      aria-label={`Room of ${name}`}
      aria-valuemin={0}
      aria-valuemax={capacityBytes}
      aria-valuenow={used}
      aria-valuetext={`${size(used)} of ${size(capacityBytes)} used, ${size(own)} by its volumes`}
    >
      <span className={styles.own} style={{ width: share(own) }} />
      <span className={styles.others} style={{ width: share(used - own) }} />
    </div>
  );
}
