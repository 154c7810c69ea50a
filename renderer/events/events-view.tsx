import type { SiteEvent } from '../../shared/contract/schemas.ts';
import { Empty } from '../design/empty.tsx';
import { Icon, type IconName } from '../design/icon.tsx';
import pageStyles from '../design/page.module.css';
import { Ago } from '../design/time.tsx';
import { useEvents } from '../site/queries.ts';
import { openDomain } from '../app/route.ts';
import { Button } from '../design/button.tsx';
import styles from './events-view.module.css';

const SHOWN = 300;

const ICONS: Record<SiteEvent['severity'], IconName> = {
  info: 'events',
  warning: 'warning',
  error: 'cross',
};

/** What happened on the site, newest first. */
export function EventsView() {
  const events = useEvents() ?? [];
  if (events.length === 0) return <Empty icon="events" title="Nothing has happened yet" />;
  return (
    <div className={pageStyles.page}>
      <h1>Events</h1>
      <ol className={styles.list}>
        {events.slice(0, SHOWN).map((event, index) => (
          <EventRow key={`${event.timeMs}-${events.length - index}`} event={event} />
        ))}
      </ol>
    </div>
  );
}

function EventRow({ event }: { readonly event: SiteEvent }) {
  const { domain } = event;
  return (
    <li className={styles.row} data-severity={event.severity}>
      <span role="img" aria-label={event.severity} className={styles.mark}>
        <Icon name={ICONS[event.severity]} />
      </span>
      <span className={styles.message}>{event.message}</span>
      <code className={styles.kind}>{event.kind}</code>
      {domain !== null && (
        <Button kind="quiet" onPress={() => openDomain(domain)}>
          Open
        </Button>
      )}
      <span className={styles.when}>
        <Ago timeMs={event.timeMs} />
      </span>
    </li>
  );
}
