import { useMemo } from 'react';
import { filter, matches } from '../app/filter.ts';
import { overlay } from '../app/overlays.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import type { RosterEntry } from '../site/keys.ts';
import { useHosts, useRoster } from '../site/queries.ts';
import { useValue } from '../state/value.ts';
import { HostCard } from './host-card.tsx';
import styles from './site-view.module.css';
import { WasRunning } from './was-running.tsx';

/** Hosts side by side, each with its domains. `host`: only that one. */
export function SiteView({ host }: { readonly host: string | null }) {
  const hosts = useHosts() ?? [];
  const roster = useRoster() ?? NONE;
  const text = useValue(filter);
  const byHost = useMemo(() => groupByHost(roster, text), [roster, text]);
  const shown = host === null ? hosts : hosts.filter((one) => one.name === host);
  if (shown.length === 0) return <NoHosts name={host} />;
  return (
    <div className={styles.view}>
      <div className={styles.summary}>
        <h1 className={styles.title}>{host ?? 'Site'}</h1>
        <p>{summary(roster, shown.length, host)}</p>
        <Button icon="plus" kind="quiet" onPress={() => overlay.set({ kind: 'add-host' })}>
          Add host
        </Button>
      </div>
      <WasRunning />
      <div className={styles.cards}>
        {shown.map((one) => (
          <HostCard
            key={one.name}
            host={one}
            guests={byHost.get(one.name)?.guests ?? NONE}
            domain0={byHost.get(one.name)?.domain0}
            isFiltered={text !== ''}
          />
        ))}
      </div>
    </div>
  );
}

const NONE: readonly RosterEntry[] = [];

interface HostGroup {
  readonly guests: RosterEntry[];
  domain0: RosterEntry | undefined;
}

function groupByHost(roster: readonly RosterEntry[], text: string): Map<string, HostGroup> {
  const groups = new Map<string, HostGroup>();
  for (const entry of roster) {
    let group = groups.get(entry.host);
    if (group === undefined) groups.set(entry.host, (group = { guests: [], domain0: undefined }));
    if (entry.isDomain0) group.domain0 = entry;
    else if (matches(entry, text)) group.guests.push(entry);
  }
  return groups;
}

/** `2 hosts, 6 domains: 4 running, 1 paused, 1 crashed` */
function summary(roster: readonly RosterEntry[], hosts: number, host: string | null): string {
  const guests = roster.filter(
    (entry) => !entry.isDomain0 && (host === null || entry.host === host),
  );
  const of = (state: RosterEntry['state']) =>
    guests.filter((entry) => entry.state === state).length;
  const counts = (['running', 'paused', 'crashed'] as const)
    .map((state) => [of(state), state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`);
  const domains = plural(guests.length, 'domain');
  const head = host === null ? `${plural(hosts, 'host')}, ${domains}` : domains;
  return counts.length === 0 ? head : `${head}: ${counts.join(', ')}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function NoHosts({ name }: { readonly name: string | null }) {
  return (
    <Empty icon="host" title={name === null ? 'No hosts yet' : `There is no host ${name}`}>
      <p>A host is a simulated machine with memory and CPUs of its own; domains run on it.</p>
      <Button icon="plus" kind="primary" onPress={() => overlay.set({ kind: 'add-host' })}>
        Add host
      </Button>
    </Empty>
  );
}
