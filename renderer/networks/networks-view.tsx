import { useMemo, useState } from 'react';
import { useDocumentTitle } from '../app/document-title.ts';
import { overlay } from '../app/overlays.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import { Segments } from '../design/field.tsx';
import { ForwardList } from '../devices/forward-list.tsx';
import { useHosts, useNetworking } from '../site/queries.ts';
import { CaptureList } from './capture-list.tsx';
import { LeaseList } from './lease-list.tsx';
import { NetworkList } from './network-list.tsx';
import { NetworkMap } from './network-map.tsx';
import styles from './networks.module.css';
import { PlugTable } from './plug-table.tsx';
import { usePlugged } from './use-plugged.ts';

const LOOKS = [
  { id: 'map', label: 'Map' },
  { id: 'table', label: 'Table' },
] as const;

/** Who is connected to what; networks, forwards, addresses and captures below. */
export function NetworksView() {
  const networking = useNetworking();
  const names =
    useHosts()
      ?.map(({ name }) => name)
      .join(' ') ?? '';
  const hosts = useMemo(() => names.split(' ').filter((name) => name !== ''), [names]);
  const guests = usePlugged();
  const [look, setLook] = useState<'map' | 'table'>('map');
  useDocumentTitle('Networks');
  if (networking === undefined) return null;
  const { networks, forwards, captures } = networking;
  if (networks.length === 0) return <NoNetworks />;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Networks</h1>
        <Segments label="Show as" options={LOOKS} value={look} onChange={setLook} />
        <Button icon="plus" kind="primary" onPress={() => overlay.set({ kind: 'add-network' })}>
          Add network
        </Button>
      </div>
      {look === 'map' ? (
        <NetworkMap networks={networks} hosts={hosts} guests={guests} />
      ) : (
        <PlugTable guests={guests} />
      )}
      <NetworkList networks={networks} guests={guests} />
      <div className={styles.parts}>
        <section aria-labelledby="all-forwards">
          <h2 id="all-forwards">Forwards</h2>
          {forwards.length === 0 ? (
            <p className={styles.muted}>
              None. A domain's interface, on its Devices tab, is where one is added.
            </p>
          ) : (
            <ForwardList label="Forwards" forwards={forwards} />
          )}
        </section>
        <LeaseList guests={guests} />
        <CaptureList captures={captures} />
      </div>
    </div>
  );
}

function NoNetworks() {
  return (
    <Empty icon="network" title="No networks yet">
      <p>
        A network joins the domains of all hosts. It gives them addresses and names, and leads to
        other networks or to the outside where you let it.
      </p>
      <Button icon="plus" kind="primary" onPress={() => overlay.set({ kind: 'add-network' })}>
        Add network
      </Button>
    </Empty>
  );
}
