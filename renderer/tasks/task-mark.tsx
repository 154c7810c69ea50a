import type { TaskState } from '../../shared/contract/schemas.ts';
import { Icon, type IconName } from '../design/icon.tsx';
import styles from './task-mark.module.css';

const ICONS: Record<TaskState, IconName> = {
  running: 'reboot',
  done: 'check',
  failed: 'cross',
  cancelled: 'undo',
};

const WORDS: Record<TaskState, string> = {
  running: 'Under way',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export function TaskMark({ state }: { readonly state: TaskState }) {
  return (
    <span className={styles[state]} role="img" aria-label={WORDS[state]}>
      <Icon name={ICONS[state]} />
    </span>
  );
}
