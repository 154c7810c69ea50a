import type { Pool } from '../../shared/contract/schemas.ts';
import { useDocumentTitle } from '../app/document-title.ts';
import { overlay } from '../app/overlays.ts';
import { replaceRoute } from '../app/route.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import { size } from '../design/format.ts';
import { Choice, ChoiceList, ListAndPane } from '../design/list-and-pane.tsx';
import { usePools } from '../site/queries.ts';
import { CapacityBar } from './capacity-bar.tsx';
import { PoolPane } from './pool-pane.tsx';
import styles from './storage.module.css';

/** Pools at the left, the volumes of one of them at the right. */
export function StorageView({ chosen }: { readonly chosen: string | null }) {
  const pools = usePools() ?? [];
  useDocumentTitle('Storage');
  const shown = pools.find((pool) => pool.name === chosen) ?? pools[0];
  if (shown === undefined) return <NoPools />;
  return (
    <ListAndPane list={<PoolList pools={pools} shown={shown.name} />}>
      <PoolPane key={shown.name} pool={shown} />
    </ListAndPane>
  );
}

function PoolList({ pools, shown }: { readonly pools: readonly Pool[]; readonly shown: string }) {
  return (
    <>
      <h1 className={styles.title}>Storage</h1>
      <ChoiceList
        label="Pools"
        chosen={shown}
        onChoose={(pool) => replaceRoute({ view: 'storage', pool })}
      >
        {pools.map((pool) => (
          <Choice key={pool.name} id={pool.name} textValue={pool.name}>
            <div className={styles.pool}>
              <span className={styles.name}>{pool.name}</span>
              <span className={styles.small}>{kindWords(pool)}</span>
              {pool.fault === null ? (
                <CapacityBar pool={pool} />
              ) : (
                <span className={styles.fault}>cannot be used</span>
              )}
              <span className={styles.small}>{poolSentence(pool)}</span>
            </div>
          </Choice>
        ))}
      </ChoiceList>
      <div className={styles.foot}>
        <Button icon="plus" onPress={() => overlay.set({ kind: 'add-pool' })}>
          Add pool
        </Button>
      </div>
    </>
  );
}

function kindWords(pool: Pool): string {
  return pool.host === null ? 'shared, all hosts' : `local, ${pool.host}`;
}

/** `14 volumes, 1.2 TiB free` */
function poolSentence({ volumes, freeBytes }: Pool): string {
  const count = `${volumes.length} volume${volumes.length === 1 ? '' : 's'}`;
  return freeBytes === null ? count : `${count}, ${size(freeBytes)} free`;
}

function NoPools() {
  return (
    <Empty icon="storage" title="No storage pools yet">
      <p>
        A pool is a folder of volumes, the disks of domains. A shared one is seen by every host, as
        moving a running domain needs it; a local one by a single host.
      </p>
      <Button icon="plus" kind="primary" onPress={() => overlay.set({ kind: 'add-pool' })}>
        Add pool
      </Button>
    </Empty>
  );
}
