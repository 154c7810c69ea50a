import { useMemo, useState } from 'react';
import {
  Button,
  Collection,
  type Key,
  ListLayout,
  NavigationTree,
  NavigationTreeItem,
  NavigationTreeItemContent,
  Virtualizer,
} from 'react-aria-components';
import { DomainMark } from '../domains/domain-mark.tsx';
import { stateWord } from '../domains/state-word.ts';
import { Icon, type IconName } from '../design/icon.tsx';
import type { RosterEntry } from '../site/keys.ts';
import { useHosts, useRoster } from '../site/queries.ts';
import { useValue } from '../state/value.ts';
import { filter, matches } from './filter.ts';
import { routeHref, type Route } from './route.ts';
import styles from './site-tree.module.css';

const LAYOUT = { rowSize: 28 };
const SITE_HREF = '#/';

interface HostNode {
  readonly name: string;
  readonly domains: readonly RosterEntry[];
}

/** Hosts with their domains, below them the site's other pages; arrows walk it, Enter opens. */
export function SiteTree({ route }: { readonly route: Route }) {
  const hosts = useHostNodes();
  const [collapsed, setCollapsed] = useState<ReadonlySet<Key>>(new Set());
  const expanded = hosts.map((host) => host.name).filter((name) => !collapsed.has(name));
  const selected = route.view === 'domain' ? domainHref(route.uuid) : routeHref(route);
  return (
    <>
      <a
        className={styles.home}
        href={SITE_HREF}
        {...(route.view === 'site' ? { 'aria-current': 'page' as const } : {})}
      >
        <Icon name="site" />
        Site
      </a>
      <Virtualizer layout={ListLayout} layoutOptions={LAYOUT}>
        <NavigationTree
          aria-label="Hosts and domains"
          className={styles.tree!}
          items={hosts}
          selectedRoute={selected}
          expandedKeys={expanded}
          onExpandedChange={(keys) =>
            setCollapsed(new Set(hosts.map((host) => host.name).filter((name) => !keys.has(name))))
          }
        >
          {(host) => <HostItem host={host} />}
        </NavigationTree>
      </Virtualizer>
      <ul className={styles.pages}>
        <PageLink route={route} view="images" icon="image" label="Images" />
        <PageLink route={route} view="storage" icon="storage" label="Storage" />
        <PageLink route={route} view="networks" icon="network" label="Networks" />
        <PageLink route={route} view="consoles" icon="console" label="Consoles" />
        <PageLink route={route} view="tasks" icon="tasks" label="Tasks" />
        <PageLink route={route} view="events" icon="events" label="Events" />
      </ul>
    </>
  );
}

function HostItem({ host }: { readonly host: HostNode }) {
  return (
    <NavigationTreeItem
      id={host.name}
      textValue={host.name}
      href={routeHref({ view: 'host', host: host.name })}
      className={`${styles.item} ${styles.host}`}
      hasChildItems={host.domains.length > 0}
    >
      <NavigationTreeItemContent>
        {({ hasChildItems }) => (
          <>
            {hasChildItems ? (
              <Button slot="chevron" className={styles.chevron!}>
                <Icon name="chevron" />
              </Button>
            ) : (
              <span className={styles.chevron} />
            )}
            <Icon name="host" />
            <span className={styles.name}>{host.name}</span>
          </>
        )}
      </NavigationTreeItemContent>
      <Collection items={host.domains} idScope={host.name}>
        {(domain) => (
          <NavigationTreeItem
            id={domain.uuid}
            textValue={`${domain.name}, ${stateWord(domain.state)}`}
            href={domainHref(domain.uuid)}
            className={`${styles.item} ${styles.domain}`}
          >
            <NavigationTreeItemContent>
              <DomainMark state={domain.state} />
              <span className={styles.name}>{domain.name}</span>
              {domain.address !== null && <span className={styles.address}>{domain.address}</span>}
            </NavigationTreeItemContent>
          </NavigationTreeItem>
        )}
      </Collection>
    </NavigationTreeItem>
  );
}

const PAGES = {
  images: { view: 'images' },
  storage: { view: 'storage', pool: null },
  networks: { view: 'networks' },
  consoles: { view: 'consoles', uuids: [] },
  tasks: { view: 'tasks' },
  events: { view: 'events' },
} as const satisfies Record<string, Route>;

interface PageLinkProps {
  readonly route: Route;
  readonly view: keyof typeof PAGES;
  readonly icon: IconName;
  readonly label: string;
}

function PageLink({ route, view, icon, label }: PageLinkProps) {
  return (
    <li>
      <a
        href={routeHref(PAGES[view])}
        {...(route.view === view ? { 'aria-current': 'page' as const } : {})}
      >
        <Icon name={icon} />
        {label}
      </a>
    </li>
  );
}

function useHostNodes(): readonly HostNode[] {
  const hosts = useHosts();
  const roster = useRoster();
  const text = useValue(filter);
  return useMemo(() => {
    const guests = (roster ?? []).filter((entry) => !entry.isDomain0 && matches(entry, text));
    return (hosts ?? []).map(({ name }) => ({
      name,
      domains: guests.filter((entry) => entry.host === name),
    }));
  }, [hosts, roster, text]);
}

function domainHref(uuid: string): string {
  return routeHref({ view: 'domain', uuid, tab: 'console' });
}
