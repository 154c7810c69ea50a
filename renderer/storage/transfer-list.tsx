import { IconButton } from '../design/button.tsx';
import { percent } from '../design/format.ts';
import { Icon } from '../design/icon.tsx';
import { useSite } from '../site/site.ts';
import { useValue } from '../state/value.ts';
import styles from './storage.module.css';
import type { Transfer } from './transfers.ts';

/** Contents on their way, of any pool; a failure stays until it was read. */
export function TransferList() {
  const { transfers } = useSite();
  const list = useValue(transfers.list);
  if (list.length === 0) return null;
  return (
    <ul className={styles.transfers} aria-label="Uploads and downloads">
      {list.map((transfer) => (
        <TransferLine key={transfer.id} transfer={transfer} />
      ))}
    </ul>
  );
}

function TransferLine({ transfer }: { readonly transfer: Transfer }) {
  const { transfers } = useSite();
  const { id, kind, pool, volume, progress, error } = transfer;
  const words = `${kind === 'upload' ? 'Uploading' : 'Downloading'} ${pool}/${volume}`;
  return (
    <li>
      <Icon name={kind} />
      <span className={styles.grow}>{error === null ? words : `Failed: ${words}`}</span>
      {error === null ? (
        <>
          <progress
            aria-label={words}
            max={1}
            {...(progress === null ? {} : { value: progress })}
          />
          <span className={styles.small}>{progress === null ? '' : percent(progress * 100)}</span>
        </>
      ) : (
        <span className={styles.fault} role="alert">
          {error.message}
        </span>
      )}
      <IconButton
        icon="close"
        size="small"
        label={error === null ? `Cancel: ${words}` : 'Dismiss'}
        onPress={() => transfers.dismiss(id)}
      />
    </li>
  );
}
