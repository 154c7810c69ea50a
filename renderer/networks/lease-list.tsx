import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import type { Lease } from '../../shared/contract/schemas.ts';
import { VirtualGrid, type VirtualGridRow } from '../design/virtual-grid.tsx';
import { errorDataOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';
import type { PluggedGuest } from './map-layout.ts';
import styles from './networks.module.css';

const ROW_PX = 32;

interface Row extends VirtualGridRow {
  readonly lease: Lease;
}

/** Addresses that are given for good, and whose they are; read anew when an interface comes or goes. */
export function LeaseList({ guests }: { readonly guests: readonly PluggedGuest[] }) {
  const { queries } = useSite();
  const leases = useQuery(queries.networks.leases.queryOptions());
  const { refetch } = leases;
  useEffect(() => void refetch(), [refetch, guests]);
  const rows = useMemo(() => (leases.data ?? []).map(toRow), [leases.data]);
  return (
    <section aria-labelledby="leases">
      <h2 id="leases">Leases</h2>
      {leases.error !== null && <p role="alert">{errorDataOf(leases.error).message}</p>}
      {rows.length === 0 ? (
        <p className={styles.muted}>No address is given to a domain.</p>
      ) : (
        <div className={styles.short}>
          <VirtualGrid<Row>
            label="Leases"
            rows={rows}
            rowHeight={ROW_PX}
            onOpen={() => undefined}
            onContextMenu={() => undefined}
          >
            {({ lease }) => (
              <div className={styles.lease} role="presentation">
                <span role="gridcell">{lease.address}</span>
                <span role="gridcell" className={styles.cut}>
                  {lease.domain}
                </span>
                <span role="gridcell" className={styles.cut}>
                  {lease.network}
                </span>
                <span role="gridcell">
                  <code>{lease.mac}</code>
                </span>
              </div>
            )}
          </VirtualGrid>
        </div>
      )}
    </section>
  );
}

function toRow(lease: Lease): Row {
  const { network, address, domain } = lease;
  return { key: `${network} ${address}`, label: `${address}, ${domain}, ${network}`, lease };
}
