import type { ReactNode } from 'react';
import type { Domain, DomainInside } from '../../shared/contract/schemas.ts';
import { Empty } from '../design/empty.tsx';
import { count, duration, percent } from '../design/format.ts';
import { useInside } from './use-inside.ts';
import { XenstoreTree } from './xenstore-tree.tsx';
import styles from './xen-tab.module.css';

/** The hypervisor's side of a domain, as it is now. */
export function XenTab({ domain }: { readonly domain: Domain }) {
  if (domain.domid === null) {
    return (
      <Empty icon="host" title={`${domain.name} is off`}>
        <p>A domain has hypercalls, event channels and a xenstore tree only while it runs.</p>
      </Empty>
    );
  }
  return (
    <div className={styles.columns}>
      <Inside uuid={domain.uuid} />
      <Part title="xenstore">
        <XenstoreTree host={domain.host} path={`/local/domain/${domain.domid}`} />
      </Part>
    </div>
  );
}

function Inside({ uuid }: { readonly uuid: string }) {
  const { inside, fault } = useInside(uuid);
  if (fault !== null) return <p role="alert">{fault.message}</p>;
  if (inside === null) return <p className={styles.waiting}>Reading …</p>;
  return (
    <div className={styles.stack}>
      <Part title="Hypercalls a second">
        <Hypercalls inside={inside} />
      </Part>
      <Part title="Run state">
        <RunStates inside={inside} />
      </Part>
      <Part title="Event channels">
        <EventChannels inside={inside} />
      </Part>
      <Part title="Grants and faults">
        <Grants inside={inside} />
      </Part>
    </div>
  );
}

function Hypercalls({ inside }: { readonly inside: DomainInside }) {
  const most = Math.max(1, ...inside.hypercalls.map((one) => one.perSecond));
  if (inside.hypercalls.length === 0) return <p className={styles.waiting}>None yet.</p>;
  return (
    <table className={styles.table}>
      <tbody>
        {inside.hypercalls.map(({ name, perSecond }) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
            </th>
            <td className={styles.barCell}>
              <span className={styles.bar} style={{ width: `${(100 * perSecond) / most}%` }} />
            </td>
            <td className={styles.number}>{count(perSecond)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RunStates({ inside }: { readonly inside: DomainInside }) {
  const { runningMs, runnableMs, blockedMs, offlineMs } = inside.runstate;
  const rows = [
    ['Running', runningMs],
    ['Runnable: waiting for a pCPU (stolen)', runnableMs],
    ['Blocked: idle', blockedMs],
    ['Offline: paused or moving', offlineMs],
  ] as const;
  const total = Math.max(1, runningMs + runnableMs + blockedMs + offlineMs);
  return (
    <table className={styles.table}>
      <tbody>
        {rows.map(([name, ms]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className={styles.number}>{duration(ms)}</td>
            <td className={styles.number}>{percent((100 * ms) / total)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function EventChannels({ inside }: { readonly inside: DomainInside }) {
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">Port</th>
          <th scope="col">Type</th>
          <th scope="col">To</th>
          <th scope="col">Now</th>
        </tr>
      </thead>
      <tbody>
        {inside.eventChannels.map(({ port, type, target, pending, masked }) => (
          <tr key={port}>
            <td>{port}</td>
            <td>{type}</td>
            <td>{target}</td>
            <td>{[pending && 'pending', masked && 'masked'].filter(Boolean).join(', ') || '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Grants({ inside }: { readonly inside: DomainInside }) {
  const vector = inside.upcallVector;
  return (
    <table className={styles.table}>
      <tbody>
        <Row name="Grants in use" value={count(inside.grantsInUse)} />
        <Row name="Grant frames" value={count(inside.grantFrames)} />
        <Row name="Upcall vector" value={vector === null ? 'none' : `0x${vector.toString(16)}`} />
        {inside.guestFaults.map((fault) => (
          <Row key={fault.what} name={`Fault: ${fault.what}`} value={count(fault.count)} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className={styles.number}>{value}</td>
    </tr>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.part} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
