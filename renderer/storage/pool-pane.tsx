import { useRef } from 'react';
import { FileTrigger, MenuTrigger, useDrop } from 'react-aria-components';
import type { Pool } from '../../shared/contract/schemas.ts';
import { overlay } from '../app/overlays.ts';
import { Button, IconButton } from '../design/button.tsx';
import { CopyButton } from '../design/copy-button.tsx';
import { Empty } from '../design/empty.tsx';
import { size } from '../design/format.ts';
import { Menu, MenuItem, MenuPopover } from '../design/menu.tsx';
import { useSite } from '../site/site.ts';
import { CapacityBar } from './capacity-bar.tsx';
import styles from './storage.module.css';
import { TransferList } from './transfer-list.tsx';
import { volumeNameOf } from './volume-file.ts';
import { VolumeList } from './volume-list.tsx';

/** One pool. Files dropped anywhere on it become volumes. */
export function PoolPane({ pool }: { readonly pool: Pool }) {
  const { transfers } = useSite();
  const upload = useUpload(pool);
  const place = useRef<HTMLElement>(null);
  const { dropProps, isDropTarget } = useDrop({
    ref: place,
    getDropOperation: () => (transfers.isPossible && pool.fault === null ? 'copy' : 'cancel'),
    onDrop: ({ items }) => {
      for (const item of items) if (item.kind === 'file') void item.getFile().then(upload);
    },
  });
  return (
    <section
      {...dropProps}
      ref={place}
      className={styles.pane}
      aria-label={pool.name}
      data-drop={isDropTarget}
    >
      <PoolHead pool={pool} onFile={upload} />
      <TransferList />
      {pool.fault !== null && (
        <p className={styles.refusal} role="alert">
          {pool.fault}
        </p>
      )}
      {pool.volumes.length === 0 ? (
        <NoVolumes pool={pool} />
      ) : (
        <VolumeList pool={pool} volumes={pool.volumes} />
      )}
      {isDropTarget && <p className={styles.drop}>Drop it to upload it to {pool.name}</p>}
    </section>
  );
}

/** A file becomes a volume of its own name, or of one like it that is free. */
function useUpload(pool: Pool): (file: File) => void {
  const { transfers } = useSite();
  return (file) => {
    const underWay = transfers.list.get().filter((one) => one.pool === pool.name);
    const taken = new Set([
      ...pool.volumes.map(({ name }) => name),
      ...underWay.map(({ volume }) => volume),
    ]);
    transfers.upload({ pool: pool.name, volume: volumeNameOf(file.name, taken) }, file);
  };
}

interface HeadProps {
  readonly pool: Pool;
  readonly onFile: (file: File) => void;
}

function PoolHead({ pool, onFile }: HeadProps) {
  const { commands, transfers } = useSite();
  return (
    <header className={styles.head}>
      <div className={styles.words}>
        <h2>{pool.name}</h2>
        <p className={styles.small}>
          {pool.host === null ? 'Shared: every host sees it' : `Local: only ${pool.host} sees it`}
          {' · '}
          <code>{pool.path}</code> <CopyButton text={pool.path} label="Copy the path" />
        </p>
      </div>
      <div className={styles.room}>
        <CapacityBar pool={pool} />
        <span className={styles.small}>{roomSentence(pool)}</span>
      </div>
      <div className={styles.buttons}>
        <Button
          icon="plus"
          kind="primary"
          isDisabled={pool.fault !== null}
          onPress={() => overlay.set({ kind: 'create-volume', pool: pool.name, over: null })}
        >
          New volume
        </Button>
        <FileTrigger
          allowsMultiple
          onSelect={(files) => [...(files ?? [])].forEach((file) => onFile(file))}
        >
          <Button icon="upload" isDisabled={!transfers.isPossible || pool.fault !== null}>
            Upload
          </Button>
        </FileTrigger>
        <MenuTrigger>
          <IconButton icon="more" kind="normal" label={`More for ${pool.name}`} />
          <MenuPopover placement="bottom end">
            <Menu aria-label={pool.name} onAction={() => commands.removePool(pool.name)}>
              <MenuItem
                id="remove"
                icon="trash"
                label="Remove pool"
                detail="Its folder and its volumes stay where they are."
                danger
              />
            </Menu>
          </MenuPopover>
        </MenuTrigger>
      </div>
      {!transfers.isPossible && (
        <p className={styles.note}>
          This window has no HTTP address to upload to or download from. Use{' '}
          <code>domus volume upload</code>, or open Domus in a browser with <code>domus serve</code>
          .
        </p>
      )}
    </header>
  );
}

function roomSentence({ capacityBytes, freeBytes, volumes }: Pool): string {
  const own = volumes.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0);
  const free =
    freeBytes === null || capacityBytes === null
      ? ''
      : `, ${size(freeBytes)} of ${size(capacityBytes)} free`;
  return `${size(own)} in ${volumes.length} volume${volumes.length === 1 ? '' : 's'}${free}`;
}

function NoVolumes({ pool }: { readonly pool: Pool }) {
  const { transfers } = useSite();
  return (
    <Empty icon="storage" title={`No volumes in ${pool.name}`}>
      <p>
        Make an empty one{transfers.isPossible && ', or drop the file of a disk here: raw or qcow2'}
        .
      </p>
    </Empty>
  );
}
