import type { SyntheticEvent } from 'react';
import { Button, GridListItem } from 'react-aria-components';
import type { Domain } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { Icon } from '../design/icon.tsx';
import { Since } from '../design/time.tsx';
import type { RosterEntry } from '../site/keys.ts';
import { useDomain, useRunningTask } from '../site/queries.ts';
import { CpuPercent, CpuSparkline } from './cpu-figure.tsx';
import { DomainMark } from './domain-mark.tsx';
import styles from './domain-row.module.css';
import { MemoryControl } from './memory-control.tsx';
import { stateWord } from './state-word.ts';

export type OpenRowMenu = (uuid: string, anchor: HTMLElement) => void;

interface Props {
  readonly entry: RosterEntry;
  readonly onMenu: OpenRowMenu;
}

export function DomainRow({ entry, onMenu }: Props) {
  return (
    <GridListItem
      id={entry.uuid}
      value={entry}
      textValue={`${entry.name}, ${stateWord(entry.state)}`}
      className={styles.row!}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(entry.uuid, event.currentTarget as HTMLElement);
      }}
    >
      <RowContent uuid={entry.uuid} onMenu={onMenu} />
    </GridListItem>
  );
}

function RowContent({ uuid, onMenu }: { readonly uuid: string; readonly onMenu: OpenRowMenu }) {
  const domain = useDomain(uuid);
  if (domain === undefined) return null;
  return (
    <>
      <Button slot="drag" className={styles.grip!} aria-label={`Drag ${domain.name}`}>
        <Icon name="grip" />
      </Button>
      <DomainMark state={domain.state} />
      <a
        className={styles.name}
        href={routeHref({ view: 'domain', uuid, tab: 'console' })}
        tabIndex={-1}
        draggable={false}
        title={domain.reason ?? domain.name}
        {...apart}
      >
        {domain.name}
      </a>
      <span className={styles.spark}>
        <CpuSparkline uuid={uuid} />
      </span>
      <span className={styles.percent}>
        <CpuPercent uuid={uuid} />
      </span>
      <span className={styles.memory} {...apart}>
        <MemoryControl domain={domain} place="row" />
      </span>
      <span className={styles.uptime}>
        <Uptime domain={domain} />
      </span>
      <button
        type="button"
        className={styles.more}
        aria-label={`More for ${domain.name}`}
        {...apart}
        onClick={(event) => onMenu(uuid, event.currentTarget)}
      >
        <Icon name="more" />
      </button>
      <RowProgress uuid={uuid} />
    </>
  );
}

function Uptime({ domain }: { readonly domain: Domain }) {
  if (domain.startedAtMs === null || domain.domid === null) return <>–</>;
  return <Since timeMs={domain.startedAtMs} short />;
}

/** Work on this domain, as a line along the row's lower edge. */
function RowProgress({ uuid }: { readonly uuid: string }) {
  const task = useRunningTask(uuid);
  if (task === undefined) return null;
  return (
    <span
      className={styles.progress}
      title={task.detail ?? task.title}
      data-unknown={task.progress === null}
      style={{ '--progress': task.progress ?? 1 } as object}
    />
  );
}

/**
 * A control inside a row: what happens on it is not the row's to select, open or drag. Tab and
 * Escape go through, they are about leaving.
 */
const apart = {
  onPointerDown: stop,
  onMouseDown: stop,
  onClick: stop,
  onDoubleClick: stop,
  onKeyDown: (event: React.KeyboardEvent) => {
    if (event.key !== 'Tab' && event.key !== 'Escape') event.stopPropagation();
  },
};

function stop(event: SyntheticEvent): void {
  event.stopPropagation();
}
