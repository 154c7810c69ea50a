import type { Disk } from '../../shared/contract/schemas.ts';
import { memory } from '../design/format.ts';
import styles from './disk-list.module.css';

/** What the guest has as block devices, and which files hold it. */
export function DiskList({ disks }: { readonly disks: readonly Disk[] }) {
  return (
    <section aria-labelledby="disks">
      <h2 id="disks">Disks</h2>
      <ul className={styles.disks}>
        {disks.map((disk) => (
          <li key={disk.name}>
            <span className={styles.name}>{disk.name}</span>
            <span className={styles.file} title={disk.source}>
              {disk.source.split('/').at(-1)}
            </span>
            <span className={styles.facts}>
              {[
                ...(disk.bytes === null ? [] : [memory(disk.bytes / 1024)]),
                disk.format,
                disk.readOnly ? 'read-only' : 'read-write',
              ].join(' · ')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
