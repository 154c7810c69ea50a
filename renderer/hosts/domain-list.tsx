import { useCallback, useMemo, useRef, useState } from 'react';
import { Popover } from 'react-aria-components';
import { filter } from '../app/filter.ts';
import { overlay } from '../app/overlays.ts';
import { openDomain } from '../app/route.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import menuStyles from '../design/menu.module.css';
import {
  VirtualGrid,
  type VirtualGridHandle,
  type VirtualGridRow,
} from '../design/virtual-grid.tsx';
import { DomainMenu } from '../domains/domain-menu.tsx';
import { DomainRow, type OpenRowMenu } from '../domains/domain-row.tsx';
import { RowSparklines } from '../domains/row-sparklines.tsx';
import { stateWord } from '../domains/state-word.ts';
import type { RosterEntry } from '../site/keys.ts';
import { useDomain } from '../site/queries.ts';
import styles from './domain-list.module.css';
import { DOMAIN_TYPE, dragged } from './migration-drag.ts';

const ROW_PX = 32;

interface Props {
  readonly host: string;
  readonly guests: readonly RosterEntry[];
  readonly isFiltered: boolean;
}

interface Row extends VirtualGridRow {
  readonly entry: RosterEntry;
}

/** A host's domains. Only the rows on the screen exist; each draws itself anew for its own news. */
export function DomainList({ host, guests, isFiltered }: Props) {
  const [menu, setMenu] = useState<{ uuid: string; anchor: HTMLElement } | null>(null);
  const grid = useRef<VirtualGridHandle>(null);
  const openMenu: OpenRowMenu = useMemo(() => (uuid, anchor) => setMenu({ uuid, anchor }), []);
  const focusRow = useCallback((uuid: string) => grid.current?.focusRow(uuid), []);
  const rows = useMemo(() => guests.map(toRow), [guests]);
  if (guests.length === 0) return <NoDomains host={host} isFiltered={isFiltered} />;
  return (
    <div className={styles.list}>
      <VirtualGrid<Row>
        ref={grid}
        label={`Domains of ${host}`}
        rows={rows}
        rowHeight={ROW_PX}
        onOpen={(row) => openDomain(row.key)}
        onContextMenu={(row, anchor) => openMenu(row.key, anchor)}
        onDragStart={({ entry }, event) => startMouseDrag(entry, event)}
        onDragEnd={() => dragged.set(null)}
        overlay={(placed) => (
          <RowSparklines rows={placed} height={rows.length * ROW_PX} rowHeight={ROW_PX} />
        )}
      >
        {(row, isActive) => (
          <DomainRow uuid={row.key} isActive={isActive} onMenu={openMenu} onDropped={focusRow} />
        )}
      </VirtualGrid>
      {menu !== null && (
        <RowMenu uuid={menu.uuid} anchor={menu.anchor} onClose={() => setMenu(null)} />
      )}
    </div>
  );
}

function toRow(entry: RosterEntry): Row {
  return { key: entry.uuid, label: `${entry.name}, ${stateWord(entry.state)}`, entry };
}

/** A drag by mouse is the browser's own; one by keyboard begins at the row's handle. */
function startMouseDrag({ uuid, name, host }: RosterEntry, event: React.DragEvent): void {
  event.dataTransfer.setData(DOMAIN_TYPE, uuid);
  event.dataTransfer.setData('text/plain', name);
  event.dataTransfer.effectAllowed = 'move';
  // Drawing the verdicts now would change what the browser takes as the picture of the drag.
  requestAnimationFrame(() => dragged.set({ uuid, name, from: host }));
}

interface RowMenuProps {
  readonly uuid: string;
  readonly anchor: HTMLElement;
  readonly onClose: () => void;
}

/** One menu for the whole list, opened where it was asked for. */
function RowMenu({ uuid, anchor, onClose }: RowMenuProps) {
  const domain = useDomain(uuid);
  const triggerRef = useRef(anchor);
  if (domain === undefined) return null;
  return (
    <Popover
      isOpen
      triggerRef={triggerRef}
      placement="bottom end"
      offset={2}
      aria-label={domain.name}
      className={menuStyles.popover!}
      onOpenChange={(open) => !open && onClose()}
    >
      <DomainMenu domain={domain} place="row" onClose={onClose} />
    </Popover>
  );
}

function NoDomains({ host, isFiltered }: { readonly host: string; readonly isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Empty icon="search" title="Nothing found here">
        <Button onPress={() => filter.set('')}>Show all</Button>
      </Empty>
    );
  }
  return (
    <Empty icon="host" title={`No domains on ${host}`}>
      <p>Create one, or drag one here from another host.</p>
      <Button icon="plus" onPress={() => overlay.set({ kind: 'create-domain' })}>
        New domain
      </Button>
    </Empty>
  );
}
