import { memo } from 'react';
import type { Volume } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { size } from '../design/format.ts';
import { sourceName } from '../devices/disk-source.ts';
import styles from './storage.module.css';
import { volumeUsers } from './volume-users.ts';

interface Props {
  readonly volume: Volume;
  readonly isActive: boolean;
  /** Of domains, by name. */
  readonly uuids: ReadonlyMap<string, string>;
  readonly onMenu: (name: string, anchor: HTMLElement) => void;
}

export const VolumeRow = memo(function VolumeRow({ volume, isActive, uuids, onMenu }: Props) {
  const { name, format, bytes, allocatedBytes, over, fault } = volume;
  return (
    <div className={styles.row} role="presentation">
      <span role="gridcell" className={styles.cut} title={fault ?? name}>
        <span className={fault === null ? styles.name : styles.broken}>{name}</span>
      </span>
      <span role="gridcell" className={styles.muted}>
        {format}
      </span>
      <span role="gridcell" className={styles.number}>
        {bytes === null ? '–' : size(bytes)}
      </span>
      <span role="gridcell" className={styles.number}>
        {size(allocatedBytes)}
      </span>
      <span role="gridcell" className={`${styles.cut} ${styles.muted}`} title={over ?? undefined}>
        {over === null ? '' : sourceName(over)}
      </span>
      <span role="gridcell" className={styles.cut}>
        {fault === null ? (
          <Users volume={volume} isActive={isActive} uuids={uuids} />
        ) : (
          <span className={styles.fault}>{fault}</span>
        )}
      </span>
      <span role="gridcell">
        <button
          type="button"
          className={styles.more}
          aria-label={`More for ${name}`}
          tabIndex={isActive ? 0 : -1}
          onDoubleClick={(event) => event.stopPropagation()}
          onClick={(event) => onMenu(name, event.currentTarget)}
        />
      </span>
    </div>
  );
});

function Users({ volume, isActive, uuids }: Omit<Props, 'onMenu'>) {
  const { domains, overlays } = volumeUsers(volume);
  return (
    <>
      {domains.map((domain, index) => {
        const uuid = uuids.get(domain);
        return (
          <span key={domain}>
            {index > 0 && ', '}
            {uuid === undefined ? (
              domain
            ) : (
              <a
                href={routeHref({ view: 'domain', uuid, tab: 'devices' })}
                tabIndex={isActive ? 0 : -1}
                draggable={false}
              >
                {domain}
              </a>
            )}
          </span>
        );
      })}
      {overlays > 0 && (
        <span className={styles.muted}>
          {domains.length > 0 && ', '}
          {overlays} overlay{overlays === 1 ? '' : 's'}
        </span>
      )}
    </>
  );
}
