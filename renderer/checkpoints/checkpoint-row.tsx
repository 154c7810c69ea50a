import type { CSSProperties } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { overlay } from '../app/overlays.ts';
import { Button } from '../design/button.tsx';
import { size } from '../design/format.ts';
import { Ago } from '../design/time.tsx';
import styles from './checkpoints-tab.module.css';
import type { TreeEntry } from './in-tree-order.ts';
import { ScreenPicture } from './screen-picture.tsx';

interface Props {
  readonly domain: Domain;
  readonly entry: TreeEntry;
  readonly isBusy: boolean;
}

export function CheckpointRow({ domain, entry: { checkpoint, depth }, isBusy }: Props) {
  const { id, label, picture, isCurrent, createdAtMs, bytes } = checkpoint;
  const about = { uuid: domain.uuid, checkpoint: id, label };
  return (
    <li
      className={`${styles.row} ${isCurrent ? styles.current : ''}`}
      style={{ '--depth': depth } as CSSProperties}
      aria-label={label}
    >
      <ScreenPicture picture={picture} />
      <div className={styles.words}>
        <h2>{label}</h2>
        <p className={styles.facts}>
          <Ago timeMs={createdAtMs} /> · {size(bytes)} of memory
          {checkpoint.disks.length > 0 && ` · ${disks(checkpoint.disks.length)}`}
        </p>
        {isCurrent && <p className={styles.here}>{domain.name} goes on from here</p>}
      </div>
      <div className={styles.acts}>
        <Button
          icon="undo"
          aria-label={`Revert to ${label}`}
          isDisabled={isBusy}
          onPress={() => overlay.set({ kind: 'revert', ...about })}
        >
          Revert…
        </Button>
        <Button
          icon="trash"
          kind="quiet"
          aria-label={`Delete ${label}`}
          isDisabled={isBusy}
          onPress={() => overlay.set({ kind: 'delete-checkpoint', ...about })}
        >
          Delete…
        </Button>
      </div>
    </li>
  );
}

function disks(count: number): string {
  return count === 1 ? '1 disk' : `${count} disks`;
}
