import type { ReactNode } from 'react';
import { Form } from 'react-aria-components';
import type { Domain, Task } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { WhenTag } from '../design/facts.tsx';
import { FormError } from '../design/field.tsx';
import { errorDataOf } from '../site/error-data.ts';
import { useTask } from '../site/queries.ts';
import styles from './devices.module.css';

interface Props {
  /** "Add disk". */
  readonly title: string;
  readonly domain: Domain;
  /** The call, which answers with its task. */
  readonly call: {
    readonly isPending: boolean;
    readonly error: unknown;
    readonly data: Task | undefined;
  };
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}

/** Asks for what a new device needs, plugs it in, and says how that ended. */
export function AttachPane({ title, domain, call, onSubmit, children }: Props) {
  const task = useTask(call.data?.id ?? null) ?? call.data;
  const error = call.error === null ? task?.error : errorDataOf(call.error);
  return (
    <article className={styles.page} aria-label={title}>
      <div className={styles.head}>
        <h2>{title}</h2>
        <WhenTag when={domain.domid === null ? 'next' : 'now'} />
      </div>
      <Form
        className={styles.form!}
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        <FormError message={error?.message ?? null} />
        <div className={styles.buttons}>
          <Button
            type="submit"
            kind="primary"
            isPending={call.isPending || task?.state === 'running'}
          >
            Attach
          </Button>
          <span className={styles.hint} role="status">
            {task?.state === 'done' ? `${task.title}.` : ''}
          </span>
        </div>
      </Form>
    </article>
  );
}
