import type { Domain, Task } from '../../shared/contract/schemas.ts';
import { openDomain } from '../app/route.ts';
import { Button } from '../design/button.tsx';
import { errorDataOf } from '../site/error-data.ts';
import { useTask } from '../site/queries.ts';
import styles from './devices.module.css';

interface Props {
  readonly domain: Domain;
  /** `xvdb`, `eth0` */
  readonly device: string;
  /** As the call gave it; how it goes on comes by the stream. */
  readonly task: Task | undefined;
  readonly isAsking: boolean;
  readonly refusal: unknown;
  readonly run: () => void;
  /** What is not lost. */
  readonly kept: string;
  /** What to do when the guest does not let go. */
  readonly advice: string;
}

/** Takes a device away, and stays to say what to do where the guest refuses. */
export function DetachPart({ domain, device, task, isAsking, refusal, run, kept, advice }: Props) {
  const followed = useTask(task?.id ?? null) ?? task;
  const isUnderWay = isAsking || followed?.state === 'running';
  const error = refusal !== null ? errorDataOf(refusal) : (followed?.error ?? null);
  const isOff = domain.domid === null;
  return (
    <section className={styles.part} aria-label={`Detach ${device}`}>
      <div className={styles.buttons}>
        <Button icon="close" isPending={isUnderWay} onPress={run}>
          Detach {device}
        </Button>
        <span className={styles.hint} role="status">
          {isUnderWay
            ? `Asking the guest to let go of ${device} …`
            : `${isOff ? 'It is taken away at once.' : 'The guest is asked to let go of it first.'} ${kept}`}
        </span>
      </div>
      {error !== null && !isUnderWay && (
        <div className={styles.refusal} role="alert">
          <p>{error.message}</p>
          {!isOff && (
            <>
              <p>{advice}</p>
              <div className={styles.buttons}>
                <Button icon="console" onPress={() => openDomain(domain.uuid)}>
                  Open its console
                </Button>
              </div>
            </>
          )}
        </div>
      )}
    </section>
  );
}
