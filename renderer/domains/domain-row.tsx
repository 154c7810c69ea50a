import { memo, type SyntheticEvent } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { Since } from '../design/time.tsx';
import { useDomain, useRunningTask } from '../site/queries.ts';
import { CpuPercent } from './cpu-figure.tsx';
import { DomainMark } from './domain-mark.tsx';
import { DragHandle } from './drag-handle.tsx';
import styles from './domain-row.module.css';
import { MemoryControl } from './memory-control.tsx';
import { StandbyMark } from './protection.tsx';

export type OpenRowMenu = (uuid: string, anchor: HTMLElement) => void;

interface Props {
  readonly uuid: string;
  /** Its controls are stops for Tab. */
  readonly isActive: boolean;
  readonly onMenu: OpenRowMenu;
  /** Takes the focus back to a row after a drag by keyboard. */
  readonly onDropped: (uuid: string) => void;
}

/** One domain in a list: state, name, CPU, memory, how long it runs. */
export const DomainRow = memo(function DomainRow({ uuid, isActive, onMenu, onDropped }: Props) {
  const domain = useDomain(uuid);
  if (domain === undefined) return null;
  const tabIndex = isActive ? 0 : -1;
  return (
    <div role="gridcell" className={styles.row}>
      {isActive ? (
        <DragHandle domain={domain} onDropped={() => onDropped(uuid)} />
      ) : (
        <span className={styles.grip} />
      )}
      <DomainMark state={domain.state} />
      <span className={styles.who}>
        <a
          className={styles.name}
          href={routeHref({ view: 'domain', uuid, tab: 'console' })}
          tabIndex={-1}
          draggable={false}
          title={domain.reason ?? domain.name}
        >
          {domain.name}
        </a>
        {domain.protection !== null && <StandbyMark protection={domain.protection} />}
        {domain.address !== null && <span className={styles.address}>{domain.address}</span>}
      </span>
      <span className={styles.percent}>
        <CpuPercent uuid={uuid} />
      </span>
      <span className={styles.memory} onDoubleClick={stop}>
        <MemoryControl domain={domain} place="row" tabIndex={tabIndex} />
      </span>
      <span className={styles.uptime}>
        <Uptime domain={domain} />
      </span>
      <button
        type="button"
        className={styles.more}
        aria-label={`More for ${domain.name}`}
        tabIndex={tabIndex}
        onDoubleClick={stop}
        onClick={(event) => onMenu(uuid, event.currentTarget)}
      />
      <RowProgress uuid={uuid} />
    </div>
  );
});

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
      key={task.id}
      className={styles.progress}
      title={task.detail ?? task.title}
      data-unknown={task.progress === null}
      style={{ '--progress': task.progress ?? 1 } as object}
    />
  );
}

/** Two clicks on a control are not the row's to open. */
function stop(event: SyntheticEvent): void {
  event.stopPropagation();
}
