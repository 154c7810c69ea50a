import type { Task } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import { milliseconds, percent } from '../design/format.ts';
import pageStyles from '../design/page.module.css';
import { Ago } from '../design/time.tsx';
import { useTasks } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { TaskMark } from './task-mark.tsx';
import { taskSentence } from './task-sentence.ts';
import styles from './tasks-view.module.css';

/** What was done, newest first: each failure with its reason and its remedy. */
export function TasksView() {
  const tasks = useTasks() ?? [];
  if (tasks.length === 0) {
    return (
      <Empty icon="tasks" title="Nothing was done yet">
        <p>Creating, starting and moving domains and building images show here.</p>
      </Empty>
    );
  }
  return (
    <div className={pageStyles.page}>
      <h1>Tasks</h1>
      <ul className={styles.list}>
        {tasks.map((task) => (
          <TaskRow key={task.id} task={task} />
        ))}
      </ul>
    </div>
  );
}

function TaskRow({ task }: { readonly task: Task }) {
  const { error } = task;
  return (
    <li className={styles.row}>
      <TaskMark state={task.state} />
      <div className={styles.words}>
        <p>{taskSentence(task)}</p>
        {task.state === 'running' && (
          <p className={styles.detail}>
            {[task.progress === null ? null : percent(task.progress * 100), task.detail]
              .filter((part) => part !== null)
              .join(', ')}
          </p>
        )}
        {error !== null && (
          <p className={styles.error}>
            {error.message} <code>{error.code}</code>
          </p>
        )}
      </div>
      {task.kind === 'migrate' && task.domain !== null && (
        <a href={routeHref({ view: 'domain', uuid: task.domain, tab: 'moves' })}>Rounds</a>
      )}
      <TaskButtons task={task} />
      <span className={styles.when}>
        <Ago timeMs={task.startedAtMs} />
        {task.endedAtMs !== null && `, took ${milliseconds(task.endedAtMs - task.startedAtMs)}`}
      </span>
    </li>
  );
}

function TaskButtons({ task }: { readonly task: Task }) {
  const { commands } = useSite();
  const { domain } = task;
  if (task.cancellable && task.state === 'running') {
    return (
      <Button icon="close" onPress={() => commands.cancelTask(task.id)}>
        Cancel
      </Button>
    );
  }
  if (task.undo === 'undelete' && domain !== null) {
    return (
      <Button icon="undo" onPress={() => commands.undelete(domain)}>
        Undo
      </Button>
    );
  }
  return null;
}
