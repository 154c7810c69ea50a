import { Button } from '../design/button.tsx';
import { Icon } from '../design/icon.tsx';
import { useRoster } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import styles from './was-running.module.css';

const NAMED = 4;

/** After a start of the program: what ran when it ended, and the offer to start it again. */
export function WasRunning() {
  const { commands } = useSite();
  const roster = useRoster() ?? [];
  const left = roster.filter((entry) => entry.wasRunning && entry.state === 'shut-off');
  if (left.length === 0) return null;
  const names = left.slice(0, NAMED).map((entry) => entry.name);
  const more = left.length - names.length;
  return (
    <div className={styles.banner} role="status">
      <Icon name="reboot" />
      <p>
        <strong>These were running when Domus stopped:</strong> {names.join(', ')}
        {more > 0 && ` and ${more} more`}.
      </p>
      <Button kind="primary" icon="run" onPress={() => left.forEach((one) => commands.start(one))}>
        Start them again
      </Button>
    </div>
  );
}
