import type { Domain } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { size } from '../design/format.ts';
import { deviceRoute } from '../devices/device-name.ts';
import { sourceName } from '../devices/disk-source.ts';
import styles from './disk-list.module.css';

/** What the guest has as block devices, and which files hold it. */
export function DiskList({ domain }: { readonly domain: Domain }) {
  return (
    <section aria-labelledby="disks">
      <h2 id="disks">Disks</h2>
      <ul className={styles.disks}>
        {domain.disks.map((disk) => (
          <li key={disk.name}>
            <a className={styles.name} href={routeHref(deviceRoute(domain, disk.name))}>
              {disk.name}
            </a>
            <span className={styles.file} title={disk.source}>
              {sourceName(disk.source)}
            </span>
            <span className={styles.facts}>
              {[
                ...(disk.bytes === null ? [] : [size(disk.bytes)]),
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
