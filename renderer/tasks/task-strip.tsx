import type { Task } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { Button } from '../design/button.tsx';
import { percent } from '../design/format.ts';
import { Icon } from '../design/icon.tsx';
import { Ago } from '../design/time.tsx';
import { useTasks } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { TaskMark } from './task-mark.tsx';
import { taskSentence } from './task-sentence.ts';
import styles from './task-strip.module.css';

const SHOWN = 3;

/** One line: what is under way, else what ended last. It opens to the history. */
export function TaskStrip() {
  const tasks = useTasks() ?? [];
  const running = tasks.filter((task) => task.state === 'running');
  const ended = lastEnded(tasks);
  const more = running.length - SHOWN;
  return (
    <div className={styles.strip}>
      <a className={styles.all} href={routeHref({ view: 'tasks' })}>
        <Icon name="tasks" />
        Tasks
      </a>
      <ul className={styles.tasks} aria-label="Under way">
        {running.slice(0, SHOWN).map((task) => (
          <li key={task.id}>
            <RunningTask task={task} />
          </li>
        ))}
        {more > 0 && <li>and {more} more</li>}
      </ul>
      <EndedTask task={ended} />
    </div>
  );
}

function lastEnded(tasks: readonly Task[]): Task | undefined {
  let last: Task | undefined;
  for (const task of tasks) {
    if (task.endedAtMs !== null && task.endedAtMs > (last?.endedAtMs ?? 0)) last = task;
  }
  return last;
}

function RunningTask({ task }: { readonly task: Task }) {
  return (
    <span className={styles.running} title={task.detail ?? undefined}>
      <progress
        className={styles.progress}
        aria-label={task.title}
        max={1}
        {...(task.progress === null ? {} : { value: task.progress })}
      />
      <span className={styles.title}>{task.title}</span>
      {task.progress !== null && (
        <span className={styles.muted}>{percent(task.progress * 100)}</span>
      )}
    </span>
  );
}

/** The sentence is announced as it changes; how long ago that was is not. */
function EndedTask({ task }: { readonly task: Task | undefined }) {
  const { commands } = useSite();
  const domain = task?.domain ?? null;
  return (
    <div className={styles.last}>
      {task !== undefined && <TaskMark state={task.state} />}
      <span className={styles.title} role="status">
        {task !== undefined && taskSentence(task)}
      </span>
      {task?.undo === 'undelete' && domain !== null && (
        <Button kind="quiet" icon="undo" onPress={() => commands.undelete(domain)}>
          Undo
        </Button>
      )}
      {task !== undefined && task.endedAtMs !== null && (
        <span className={styles.muted}>
          <Ago timeMs={task.endedAtMs} />
        </span>
      )}
    </div>
  );
}
