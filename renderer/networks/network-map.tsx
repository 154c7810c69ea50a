import { type KeyboardEvent, useMemo, useRef } from 'react';
import { VisuallyHidden } from 'react-aria-components';
import type { Network } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { Icon, type IconName } from '../design/icon.tsx';
import { useWidth } from '../design/use-width.ts';
import { DomainMark } from '../domains/domain-mark.tsx';
import { stateWord } from '../domains/state-word.ts';
import { KIND_NAMES } from './network-kind.ts';
import {
  GATEWAY_X,
  layoutMap,
  type MapGuest,
  type MapLayout,
  type PlaceKind,
  type PluggedGuest,
  shortAddress,
  SIDE,
} from './map-layout.ts';
import { MapLines } from './map-lines.tsx';
import styles from './network-map.module.css';
import { useMapTraffic } from './use-map-traffic.ts';

interface Props {
  readonly networks: readonly Network[];
  readonly hosts: readonly string[];
  readonly guests: readonly PluggedGuest[];
}

/** A guest as wide as this has room for its name, its traffic and whole addresses. */
const WHOLE_PX = 242;
/** And one as this for the ends of the addresses. */
const RATE_PX = 202;

interface PlaceWords {
  readonly icon: IconName;
  readonly words: string;
  readonly short: string;
}

const PLACES: Record<PlaceKind, PlaceWords> = {
  outside: { icon: 'globe', words: 'Outside: what this machine reaches', short: 'the outside' },
  machine: { icon: 'host', words: 'This machine itself', short: 'this machine' },
  router: { icon: 'network', words: 'Other routed networks', short: 'other networks' },
};

/**
 * Who is connected to what. Lines are one drawing; what they say of the traffic is written to them
 * past React, once a second. Words and links lie over it.
 */
export function NetworkMap({ networks, hosts, guests }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const layout = useMemo(
    () => layoutMap(networks, hosts, guests, width),
    [networks, hosts, guests, width],
  );
  const subnets = useMemo(
    () => new Map(networks.map(({ name, subnet }) => [name, subnet])),
    [networks],
  );
  useMapTraffic(place, layout);
  return (
    <div className={styles.scroller} ref={place}>
      <div
        role="group"
        aria-label="Map of networks: domains in the order of their hosts"
        className={styles.map}
        style={{ width: layout.width, height: layout.height }}
        onKeyDown={walk}
      >
        <MapLines layout={layout} />
        <Places layout={layout} />
        <Buses layout={layout} />
        <Legend layout={layout} />
        {layout.hosts.map((host, index) => (
          <div key={host.name} role="group" aria-label={`On ${host.name}`}>
            <a
              className={styles.host}
              href={routeHref({ view: 'host', host: host.name })}
              tabIndex={-1}
              style={{ left: host.wordsX, top: host.y, width: host.x + host.width - host.wordsX }}
            >
              {host.name}
            </a>
            {host.guests.map((guest, row) => (
              <Guest
                key={guest.guest.uuid}
                placed={guest}
                isFirst={index + row === 0}
                subnets={subnets}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function Places({ layout }: { readonly layout: MapLayout }) {
  return (
    <>
      {layout.places.map(({ kind, x }) => (
        <span
          key={kind}
          role="img"
          aria-label={PLACES[kind].words}
          title={PLACES[kind].words}
          className={styles.place}
          style={{ left: x - 8 }}
        >
          <Icon name={PLACES[kind].icon} />
        </span>
      ))}
    </>
  );
}

function Buses({ layout }: { readonly layout: MapLayout }) {
  return (
    <>
      {layout.buses.map(({ network, y }) => (
        <div
          key={network.name}
          className={styles.bus}
          style={{ left: GATEWAY_X + 8, width: SIDE - GATEWAY_X - 16, top: y }}
          title={`${KIND_NAMES[network.kind]}, gateway ${network.gateway}`}
        >
          <span className={styles.network}>{network.name}</span>
          <span className={styles.subnet}>{network.subnet}</span>
        </div>
      ))}
    </>
  );
}

/** What the signs mean, in the room that the buses leave beside the hosts. */
function Legend({ layout }: { readonly layout: MapLayout }) {
  return (
    <ul className={styles.legend} style={{ top: layout.hostsY, width: SIDE - 24 }}>
      {layout.places.map(({ kind }) => (
        <li key={kind}>
          <Icon name={PLACES[kind].icon} />
          {PLACES[kind].short}
        </li>
      ))}
      <li>
        <span className={styles.gatewaySign} />
        gateway
      </li>
      <li>
        <span className={styles.busySign} />
        traffic of the last second
      </li>
    </ul>
  );
}

interface GuestProps {
  readonly placed: MapGuest;
  /** The map's stop for Tab until another was walked to. */
  readonly isFirst: boolean;
  readonly subnets: ReadonlyMap<string, string>;
}

function Guest({ placed, isFirst, subnets }: GuestProps) {
  const { guest, lanes, x, y, width, height } = placed;
  const { uuid, name, state } = guest;
  const shown = (address: string, network: string) => {
    const subnet = subnets.get(network);
    const isWhole = subnet === undefined || width >= WHOLE_PX;
    return isWhole ? address : shortAddress(address, subnet);
  };
  return (
    <a
      className={styles.guest}
      data-guest
      data-unplugged={lanes.length === 0}
      href={routeHref({ view: 'domain', uuid, tab: 'devices' })}
      tabIndex={isFirst ? 0 : -1}
      style={{ left: x, top: y, width, height }}
    >
      <span className={styles.mark} aria-hidden="true">
        <DomainMark state={state} />
      </span>
      <span className={styles.name} aria-hidden="true">
        {name}
      </span>
      <span className={styles.lanes} aria-hidden="true">
        {lanes.map(({ handle, network, address, linkUp }) => (
          <span key={handle} className={styles.lane}>
            {width >= RATE_PX && <span className={styles.rate} data-rate={`${uuid} ${handle}`} />}
            <span className={styles.address} title={`${address} on ${network}`}>
              {linkUp ? shown(address, network) : 'unplugged'}
            </span>
          </span>
        ))}
      </span>
      {/* What is seen is short, and its figures change every second. */}
      <VisuallyHidden elementType="span">{guestLabel(guest)}</VisuallyHidden>
    </a>
  );
}

/** `web1, Running: lan 10.77.0.2, dmz 10.77.1.2` */
function guestLabel({ name, state, plugs }: PluggedGuest): string {
  const lines = plugs.map(
    ({ network, address, linkUp }) => `${network} ${address}${linkUp ? '' : ', unplugged'}`,
  );
  return `${name}, ${stateWord(state)}: ${lines.join(', ') || 'on no network'}`;
}

/** The map is one stop for Tab; up and down walk a host, left and right go to the next one. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const from = (event.target as Element).closest<HTMLElement>('[data-guest]');
  if (from === null || event.altKey || event.ctrlKey || event.metaKey) return;
  const columns = [...event.currentTarget.querySelectorAll('[role="group"]')]
    .map((group) => [...group.querySelectorAll<HTMLElement>('[data-guest]')])
    .filter((column) => column.length > 0);
  const column = columns.findIndex((guests) => guests.includes(from));
  const row = columns[column]!.indexOf(from);
  const at = (x: number, y: number) => {
    const guests = columns[x];
    return guests?.[Math.min(Math.max(0, y), guests.length - 1)];
  };
  const targets: Record<string, () => HTMLElement | undefined> = {
    ArrowDown: () => at(column, row + 1),
    ArrowUp: () => at(column, row - 1),
    ArrowRight: () => at(column + 1, row),
    ArrowLeft: () => at(column - 1, row),
    Home: () => at(column, 0),
    End: () => at(column, Infinity),
  };
  const target = targets[event.key]?.();
  if (target === undefined) return;
  event.preventDefault();
  from.tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
}
