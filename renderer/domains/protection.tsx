import { useEffect, useState } from 'react';
import type { Domain, Pool, Protection } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { duration, milliseconds, size } from '../design/format.ts';
import { Icon } from '../design/icon.tsx';
import { Menu, MenuItem } from '../design/menu.tsx';
import { useHosts, usePools } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { routeHref } from '../app/route.ts';
import styles from './protection.module.css';

const LOOK_EVERY_MS = 1000;

/** In a row: that it has a standby, and where. */
export function StandbyMark({ protection }: { readonly protection: Protection }) {
  const { host, checkpointsPerSecond } = protection;
  const title = `Protected: its standby is on ${host}, ${perSecond(checkpointsPerSecond)}`;
  return (
    <span className={styles.mark} title={title}>
      <Icon name="shield" />
      <span className={styles.hidden}>protected on </span>
      {host}
    </span>
  );
}

/** On its page: the standby, and how far it is behind. */
export function ProtectionSection({ domain }: { readonly domain: Domain }) {
  const { commands } = useSite();
  const { protection } = domain;
  if (protection === null) return null;
  const { host, stoppedMs, acknowledgedAfterMs, bytesPerCheckpoint } = protection;
  return (
    <section aria-labelledby="protection">
      <h2 id="protection">Protection</h2>
      <dl className={styles.facts}>
        <dt>Standby</dt>
        <dd>
          <a href={routeHref({ view: 'host', host })}>{host}</a>
        </dd>
        <dt>Checkpoints</dt>
        <dd>
          {perSecond(protection.checkpointsPerSecond)}, {size(bytesPerCheckpoint)} each
        </dd>
        <dt>Last checkpoint</dt>
        <dd>
          <Age timeMs={protection.lastCheckpointAtMs} /> ago
        </dd>
        <dt>Cost</dt>
        <dd>
          stands still {milliseconds(stoppedMs)} for each; what it sends waits about{' '}
          {milliseconds(acknowledgedAfterMs + protection.intervalMs / 2)}
        </dd>
      </dl>
      <p className={styles.hint}>
        When {domain.host} dies, {domain.name} goes on on {host} from the last checkpoint. It can be
        neither paused nor moved until its protection ends.
      </p>
      <Button onPress={() => commands.unprotect(domain)}>End protection</Button>
    </section>
  );
}

interface MenuProps {
  readonly domain: Domain;
  readonly onClose: () => void;
}

/** Every other host; why none will do, where none will. */
export function ProtectMenu({ domain, onClose }: MenuProps) {
  const { commands } = useSite();
  const others = useHosts()?.filter(({ name }) => name !== domain.host) ?? [];
  const refusal = refusalOf(domain, usePools() ?? []);
  const refused = others.filter(({ state }) => refusal !== null || state === 'down');
  return (
    <Menu
      aria-label={`Protect ${domain.name} on`}
      disabledKeys={[...refused.map(({ name }) => name), 'none']}
      onAction={(host) => {
        onClose();
        commands.protect(domain, String(host));
      }}
    >
      {others.length === 0 && <MenuItem id="none" label="No other host" />}
      {others.map(({ name, state }) => (
        <MenuItem
          key={name}
          id={name}
          icon="host"
          label={name}
          detail={refusal ?? (state === 'down' ? 'is down' : '')}
        />
      ))}
    </Menu>
  );
}

/** As the toolstack would say it; null: it may be tried. */
function refusalOf({ state, disks }: Domain, pools: readonly Pool[]): string | null {
  if (state !== 'running') return 'only a running domain can be protected';
  for (const { name, source } of disks) {
    const pool = pools.find((one) => one.host !== null && source.startsWith(`${one.name}/`));
    if (pool) return `its disk ${name} is in pool ${pool.name}, which only ${pool.host} sees`;
  }
  return null;
}

function Age({ timeMs }: { readonly timeMs: number }) {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const ageMs = Math.max(0, Math.max(nowMs, timeMs) - timeMs);
  return <>{ageMs < LOOK_EVERY_MS * 2 ? 'less than 2 s' : duration(ageMs)}</>;
}

function perSecond(checkpoints: number): string {
  return `${checkpoints.toFixed(checkpoints < 10 ? 1 : 0)} a second`;
}
