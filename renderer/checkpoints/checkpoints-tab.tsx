import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { Empty } from '../design/empty.tsx';
import { messageOf } from '../site/error-data.ts';
import { useRunningTask } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { CheckpointRow } from './checkpoint-row.tsx';
import styles from './checkpoints-tab.module.css';
import { inTreeOrder } from './in-tree-order.ts';
import { MakeCheckpoint } from './make-checkpoint.tsx';

/** The points that a domain can go back to, with pictures of its screen. */
export function CheckpointsTab({ domain }: { readonly domain: Domain }) {
  const { queries } = useSite();
  const list = useQuery({
    ...queries.checkpoints.list.queryOptions({ input: { domain: domain.uuid } }),
    enabled: !domain.isDomain0,
    staleTime: 0,
  });
  const isBusy = useRunningTask(domain.uuid) !== undefined;
  const { refetch } = list;
  const { count = 0, current = null } = domain.checkpoints ?? {};
  // The site tells that they changed; what they are now is asked for.
  useEffect(() => {
    if (!domain.isDomain0) void refetch();
  }, [refetch, domain.isDomain0, count, current]);
  if (domain.isDomain0) {
    return <Empty icon="host" title="Domain 0 is the host itself: it has no checkpoints" />;
  }
  const entries = inTreeOrder(list.data ?? []);
  return (
    <div className={styles.tab}>
      <MakeCheckpoint domain={domain} isBusy={isBusy} />
      {list.error !== null && <p role="alert">{messageOf(list.error)}</p>}
      {list.isSuccess && entries.length === 0 && (
        <p className={styles.none}>
          {domain.name} has no checkpoints. Make one before you try something: it brings back
          memory, disks and screen.
        </p>
      )}
      {entries.length > 0 && (
        <ol className={styles.tree} aria-label={`Checkpoints of ${domain.name}`}>
          {entries.map((entry) => (
            <CheckpointRow
              key={entry.checkpoint.id}
              domain={domain}
              entry={entry}
              isBusy={isBusy}
            />
          ))}
        </ol>
      )}
    </div>
  );
}
