import { count } from '../design/format.ts';
import { Icon } from '../design/icon.tsx';
import { moveCost } from '../domains/move-cost.ts';
import styles from './drop-panel.module.css';
import type { DraggedDomain, DropVerdict } from './migration-drag.ts';

interface Props {
  readonly verdict: DropVerdict;
  readonly drag: DraggedDomain;
  readonly host: string;
  readonly isTarget: boolean;
}

/** Lies over a host's meters during a drag: whether it can take the domain, and at what cost. */
export function DropPanel({ verdict, drag, host, isTarget }: Props) {
  return (
    <div className={styles.panel} data-kind={verdict.kind} data-target={isTarget}>
      {verdict.kind === 'possible' && <Icon name="move" />}
      {verdict.kind === 'refused' && <Icon name="cross" />}
      <div>
        <p className={styles.title}>{verdictTitle(verdict, drag, host)}</p>
        <p className={styles.detail}>{verdictDetail(verdict)}</p>
      </div>
    </div>
  );
}

/** One sentence, for the keyboard's drop button. */
export function verdictLabel(verdict: DropVerdict, drag: DraggedDomain, host: string): string {
  const detail = verdictDetail(verdict);
  return `${verdictTitle(verdict, drag, host)}${detail === '' ? '' : `: ${detail}`}`;
}

function verdictTitle(verdict: DropVerdict, drag: DraggedDomain, host: string): string {
  switch (verdict.kind) {
    case 'source':
      return `${drag.name} is here`;
    case 'asking':
      return `Asking ${host} …`;
    case 'possible':
      return `Move ${drag.name} to ${host}`;
    case 'refused':
      return `${host} cannot take ${drag.name}`;
  }
}

function verdictDetail(verdict: DropVerdict): string {
  switch (verdict.kind) {
    case 'source':
    case 'asking':
      return '';
    case 'possible':
      return `${count(verdict.target.pages)} pages, ${moveCost(verdict.target)}`;
    case 'refused':
      return verdict.reason;
  }
}
