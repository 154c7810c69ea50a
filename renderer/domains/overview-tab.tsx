import type { ReactNode } from 'react';
import type { Domain, OnShutdown } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { Ago } from '../design/time.tsx';
import { DiskList } from './disk-list.tsx';
import { KernelMessages } from './kernel-messages.tsx';
import { MemoryControl } from './memory-control.tsx';
import styles from './overview-tab.module.css';
import { ProtectionSection } from './protection.tsx';
import { stateWord } from './state-word.ts';

const AFTERWARDS: Record<OnShutdown, string> = {
  destroy: 'stays off',
  restart: 'starts again',
  preserve: 'is kept as it is, to be looked at',
};

export function OverviewTab({ domain }: { readonly domain: Domain }) {
  return (
    <div className={styles.overview}>
      {!domain.isDomain0 && (
        <section aria-labelledby="memory">
          <h2 id="memory">Memory</h2>
          <MemoryControl domain={domain} place="page" />
          <p className={styles.hint}>
            {domain.domid === null
              ? 'What it starts with. The most is fixed when its kernel boots.'
              : 'Drag, use the arrow keys or type a number; Escape takes it back. The bar is what the guest has now.'}
          </p>
        </section>
      )}
      <section aria-labelledby="about">
        <h2 id="about">About</h2>
        <dl className={styles.facts}>
          <Fact name="State">
            {stateWord(domain.state)}
            {domain.reason !== null && `: ${domain.reason}`}
          </Fact>
          <Fact name="Host">
            <a href={routeHref({ view: 'host', host: domain.host })}>{domain.host}</a>
          </Fact>
          <Fact name="domid">{domain.domid ?? 'none while it is off'}</Fact>
          <Fact name="UUID">
            <code>{domain.uuid}</code>
          </Fact>
          <Fact name="vCPUs">{domain.vcpus}</Fact>
          {!domain.isDomain0 && (
            <>
              <Fact name="Image">{domain.image}</Fact>
              <Fact name="Address">
                {domain.interfaces.length === 0
                  ? 'none, it has no network'
                  : domain.interfaces
                      .map(({ address, network }) => `${address} on ${network}`)
                      .join(', ')}
              </Fact>
              <Fact name="After a power-off">{AFTERWARDS[domain.onPoweroff]}</Fact>
              <Fact name="After a reboot">{AFTERWARDS[domain.onReboot]}</Fact>
              <Fact name="After a crash">{AFTERWARDS[domain.onCrash]}</Fact>
            </>
          )}
          <Fact name="Created">
            <Ago timeMs={domain.createdAtMs} />
          </Fact>
        </dl>
      </section>
      <ProtectionSection domain={domain} />
      {domain.disks.length > 0 && <DiskList domain={domain} />}
      {!domain.isDomain0 && <KernelMessages domain={domain} />}
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
