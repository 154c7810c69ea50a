import { memo, useMemo } from 'react';
import { navigate, routeHref } from '../app/route.ts';
import { Empty } from '../design/empty.tsx';
import { bandwidth } from '../design/format.ts';
import { VirtualGrid, type VirtualGridRow } from '../design/virtual-grid.tsx';
import { deviceRoute, interfaceName } from '../devices/device-name.ts';
import { useDomainSample } from '../site/queries.ts';
import type { Plug, PluggedGuest } from './map-layout.ts';
import styles from './networks.module.css';

const ROW_PX = 32;

interface Row extends VirtualGridRow {
  readonly guest: PluggedGuest;
  readonly plug: Plug;
}

/** What the map shows, as rows: one an interface. */
export function PlugTable({ guests }: { readonly guests: readonly PluggedGuest[] }) {
  const rows = useMemo(() => guests.flatMap(rowsOf), [guests]);
  if (rows.length === 0) {
    return <Empty icon="card" title="No domain has an interface" />;
  }
  return (
    <div className={styles.table}>
      <div className={styles.plugHeader} aria-hidden="true">
        <span>Domain</span>
        <span>Interface</span>
        <span>Network</span>
        <span>Host</span>
        <span>Address</span>
        <span className={styles.number}>Received</span>
        <span className={styles.number}>Sent</span>
      </div>
      <VirtualGrid<Row>
        label="Interfaces"
        rows={rows}
        rowHeight={ROW_PX}
        onOpen={({ guest, plug }) => navigate(deviceRoute(guest, interfaceName(plug)))}
        onContextMenu={() => undefined}
      >
        {({ guest, plug }) => <PlugRow guest={guest} plug={plug} />}
      </VirtualGrid>
    </div>
  );
}

function rowsOf(guest: PluggedGuest): Row[] {
  return guest.plugs.map((plug) => ({
    key: `${guest.uuid} ${plug.handle}`,
    label: `${guest.name}, ${interfaceName(plug)}, ${plug.network}`,
    guest,
    plug,
  }));
}

const PlugRow = memo(function PlugRow({ guest, plug }: Pick<Row, 'guest' | 'plug'>) {
  const { network, address, linkUp, handle } = plug;
  const sample = useDomainSample(guest.uuid)?.interfaces.find((one) => one.handle === handle);
  const figure = (bytes: number | undefined) => (bytes === undefined ? '–' : bandwidth(bytes));
  return (
    <div className={styles.plug} role="presentation">
      <span role="gridcell" className={styles.cut}>
        <a href={routeHref(deviceRoute(guest, interfaceName(plug)))} tabIndex={-1}>
          {guest.name}
        </a>
      </span>
      <span role="gridcell">{interfaceName(plug)}</span>
      <span role="gridcell" className={styles.cut}>
        {network}
      </span>
      <span role="gridcell" className={styles.cut}>
        {guest.host}
      </span>
      <span role="gridcell">{linkUp ? address : `${address}, unplugged`}</span>
      <span role="gridcell" className={styles.number}>
        {figure(sample?.receivedBytesPerSecond)}
      </span>
      <span role="gridcell" className={styles.number}>
        {figure(sample?.sentBytesPerSecond)}
      </span>
    </div>
  );
});
