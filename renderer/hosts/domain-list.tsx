import { useMemo, useRef, useState } from 'react';
import {
  GridList,
  type Key,
  ListLayout,
  Popover,
  useDragAndDrop,
  Virtualizer,
} from 'react-aria-components';
import { filter } from '../app/filter.ts';
import { overlay } from '../app/overlays.ts';
import { openDomain } from '../app/route.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import menuStyles from '../design/menu.module.css';
import { DomainMenu } from '../domains/domain-menu.tsx';
import { DomainRow, type OpenRowMenu } from '../domains/domain-row.tsx';
import type { RosterEntry } from '../site/keys.ts';
import { useDomain } from '../site/queries.ts';
import styles from './domain-list.module.css';
import { DOMAIN_TYPE, dragged } from './migration-drag.ts';

const LAYOUT = { rowSize: 32 };

interface Props {
  readonly host: string;
  readonly guests: readonly RosterEntry[];
  readonly isFiltered: boolean;
}

/** A host's domains. Only the rows on the screen exist; each draws itself anew for its own news. */
export function DomainList({ host, guests, isFiltered }: Props) {
  const [menu, setMenu] = useState<{ uuid: string; anchor: HTMLElement } | null>(null);
  const openMenu: OpenRowMenu = useMemo(() => (uuid, anchor) => setMenu({ uuid, anchor }), []);
  const dragAndDropHooks = useRowDrag(guests);
  return (
    <>
      <Virtualizer layout={ListLayout} layoutOptions={LAYOUT}>
        <GridList
          aria-label={`Domains of ${host}`}
          className={styles.list!}
          style={{ height: guests.length === 0 ? 'auto' : guests.length * LAYOUT.rowSize + 1 }}
          items={guests}
          selectionMode="single"
          selectionBehavior="replace"
          keyboardNavigationBehavior="tab"
          disallowTypeAhead
          dragAndDropHooks={dragAndDropHooks}
          onAction={(key) => openDomain(String(key))}
          renderEmptyState={() => <NoDomains host={host} isFiltered={isFiltered} />}
        >
          {(entry) => <DomainRow entry={entry} onMenu={openMenu} />}
        </GridList>
      </Virtualizer>
      {menu !== null && (
        <RowMenu uuid={menu.uuid} anchor={menu.anchor} onClose={() => setMenu(null)} />
      )}
    </>
  );
}

function useRowDrag(guests: readonly RosterEntry[]) {
  const byKey = useRef(guests);
  byKey.current = guests;
  const { dragAndDropHooks } = useDragAndDrop<RosterEntry>({
    getItems: (_keys, items) =>
      items.map(({ uuid, name }) => ({ [DOMAIN_TYPE]: uuid, 'text/plain': name })),
    getAllowedDropOperations: () => ['move'],
    onDragStart: ({ keys }) => {
      const [first] = keys as Set<Key>;
      const entry = byKey.current.find((one) => one.uuid === first);
      if (entry !== undefined)
        dragged.set({ uuid: entry.uuid, name: entry.name, from: entry.host });
    },
    onDragEnd: () => dragged.set(null),
  });
  return dragAndDropHooks;
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
