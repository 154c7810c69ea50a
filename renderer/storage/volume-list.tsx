import { useMemo, useRef, useState } from 'react';
import { Popover } from 'react-aria-components';
import type { Pool, Volume } from '../../shared/contract/schemas.ts';
import { filter, hasWords } from '../app/filter.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import menuStyles from '../design/menu.module.css';
import { VirtualGrid, type VirtualGridRow } from '../design/virtual-grid.tsx';
import { useRoster } from '../site/queries.ts';
import { useValue } from '../state/value.ts';
import styles from './storage.module.css';
import { VolumeMenu } from './volume-menu.tsx';
import { volumeUsers } from './volume-users.ts';
import { VolumeRow } from './volume-row.tsx';

const ROW_PX = 32;

interface Props {
  readonly pool: Pool;
  readonly volumes: readonly Volume[];
}

interface Row extends VirtualGridRow {
  readonly volume: Volume;
}

/** A pool's volumes; Enter, a second click or the context key open what can be done with one. */
export function VolumeList({ pool, volumes }: Props) {
  const text = useValue(filter);
  const [menu, setMenu] = useState<{ name: string; anchor: HTMLElement } | null>(null);
  const uuids = useUuids();
  const rows = useMemo(
    () =>
      volumes
        .filter((volume) => matches(volume, text))
        .toSorted(byName)
        .map(toRow),
    [volumes, text],
  );
  const open = volumes.find((volume) => volume.name === menu?.name);
  if (rows.length === 0) {
    return (
      <Empty icon="search" title="No volume is called that">
        <Button onPress={() => filter.set('')}>Show all</Button>
      </Empty>
    );
  }
  const openMenu = (name: string, anchor: HTMLElement) => setMenu({ name, anchor });
  return (
    <div className={styles.table}>
      <div className={styles.header} aria-hidden="true">
        <span>Name</span>
        <span>Format</span>
        <span className={styles.number}>Size</span>
        <span className={styles.number}>Allocated</span>
        <span>Over</span>
        <span>Used by</span>
      </div>
      <VirtualGrid<Row>
        label={`Volumes of ${pool.name}`}
        rows={rows}
        rowHeight={ROW_PX}
        onOpen={({ key }) => {
          const row = document.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`);
          if (row !== null) openMenu(key, row);
        }}
        onContextMenu={({ key }, anchor) => openMenu(key, anchor)}
      >
        {({ volume }, isActive) => (
          <VolumeRow volume={volume} isActive={isActive} uuids={uuids} onMenu={openMenu} />
        )}
      </VirtualGrid>
      {menu !== null && open !== undefined && (
        <RowMenu pool={pool} volume={open} anchor={menu.anchor} onClose={() => setMenu(null)} />
      )}
    </div>
  );
}

const collator = new Intl.Collator('en', { numeric: true });

function byName(a: Volume, b: Volume): number {
  return collator.compare(a.name, b.name);
}

function toRow(volume: Volume): Row {
  return { key: volume.name, label: volume.name, volume };
}

function matches(volume: Volume, text: string): boolean {
  const words = [volume.name, volume.format, ...volumeUsers(volume).domains];
  return hasWords(words.join(' ').toLowerCase(), text);
}

/** Volumes tell their users by name; links lead by UUID. */
function useUuids(): ReadonlyMap<string, string> {
  const roster = useRoster();
  return useMemo(() => new Map(roster?.map(({ name, uuid }) => [name, uuid])), [roster]);
}

interface RowMenuProps {
  readonly pool: Pool;
  readonly volume: Volume;
  readonly anchor: HTMLElement;
  readonly onClose: () => void;
}

function RowMenu({ pool, volume, anchor, onClose }: RowMenuProps) {
  const triggerRef = useRef(anchor);
  return (
    <Popover
      isOpen
      triggerRef={triggerRef}
      placement="bottom end"
      offset={2}
      aria-label={volume.name}
      className={menuStyles.popover!}
      onOpenChange={(isOpen) => !isOpen && onClose()}
    >
      <VolumeMenu pool={pool} volume={volume} onClose={onClose} />
    </Popover>
  );
}
