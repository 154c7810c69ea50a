/**
 * Where everything of the map stands, in pixels. Networks are buses from left to right; hosts hang
 * below them side by side, and on each host every network that is used there is a rail down. A
 * domain's interface is a line from its rail to the domain. A dot joins; a line without one crosses.
 */
import type { DomainState, Network } from '../../shared/contract/schemas.ts';

export interface Plug {
  readonly handle: number;
  readonly network: string;
  readonly address: string;
  readonly linkUp: boolean;
}

/** What the map needs of a domain. */
export interface PluggedGuest {
  readonly uuid: string;
  readonly name: string;
  readonly host: string;
  readonly state: DomainState;
  readonly plugs: readonly Plug[];
}

/** What a network may lead to besides its guests. */
export type PlaceKind = 'outside' | 'machine' | 'router';

export interface MapPlace {
  readonly kind: PlaceKind;
  readonly x: number;
  readonly bottom: number;
  /** Where its line is joined. */
  readonly joins: readonly number[];
}

export interface MapBus {
  readonly network: Network;
  readonly y: number;
  readonly left: number;
  readonly right: number;
}

export interface MapRail {
  readonly network: string;
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
}

export interface MapLane extends Plug {
  readonly y: number;
  readonly railX: number;
}

export interface MapGuest {
  readonly guest: PluggedGuest;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly MapLane[];
}

export interface MapHost {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Where words begin, right of the rails. */
  readonly wordsX: number;
  readonly rails: readonly MapRail[];
  readonly guests: readonly MapGuest[];
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  /** Where hosts begin, below the buses. */
  readonly hostsY: number;
  readonly places: readonly MapPlace[];
  readonly buses: readonly MapBus[];
  readonly hosts: readonly MapHost[];
}

export const SIDE = 200;
const TOP = 34;
/** Words below the buses, beside the hosts. */
const LEGEND = 128;
const BUS = 44;
const PLACE = 22;
const FIRST_PLACE = 16;
/** Every bus passes its gateway. */
export const GATEWAY_X = FIRST_PLACE + 3 * PLACE;
const GAP = 12;
const LEAST_HOST = 184;
const MOST_HOST = 560;
const HEAD = 32;
const RAIL = 14;
const FIRST_RAIL = 16;
const LANE = 20;
const ROW_SPACE = 8;
const FOOT = 10;

export function layoutMap(
  networks: readonly Network[],
  hostNames: readonly string[],
  guests: readonly PluggedGuest[],
  width: number,
): MapLayout {
  const hostsY = TOP + networks.length * BUS;
  const share = (width - SIDE - GAP * hostNames.length) / Math.max(1, hostNames.length);
  const hostWidth = Math.floor(Math.min(MOST_HOST, Math.max(LEAST_HOST, share)));
  const busY = new Map(networks.map(({ name }, index) => [name, TOP + index * BUS]));
  const hosts = hostNames.map((name, index) =>
    layoutHost(
      name,
      guests.filter((guest) => guest.host === name),
      busY,
      { x: SIDE + index * (hostWidth + GAP), y: hostsY, width: hostWidth },
    ),
  );
  const right = SIDE + hostNames.length * (hostWidth + GAP);
  const places = layoutPlaces(networks, busY);
  return {
    width: Math.max(width, right),
    height: Math.max(hostsY + LEGEND, ...hosts.map(({ y, height }) => y + height)) + 2,
    hostsY,
    places,
    hosts,
    buses: networks.map((network) => ({
      network,
      y: busY.get(network.name)!,
      left: leftEnd(network, places),
      right: rightEnd(network.name, hosts),
    })),
  };
}

function layoutHost(
  name: string,
  guests: readonly PluggedGuest[],
  busY: ReadonlyMap<string, number>,
  { x, y, width }: { readonly x: number; readonly y: number; readonly width: number },
): MapHost {
  const used = new Set(guests.flatMap(({ plugs }) => plugs.map(({ network }) => network)));
  // In the order of the buses, the lowest first: a rail then crosses the fewest lines.
  const names = [...busY.keys()].filter((network) => used.has(network)).toReversed();
  const railX = new Map(names.map((network, index) => [network, x + FIRST_RAIL + index * RAIL]));
  const wordsX = x + FIRST_RAIL + Math.max(0, names.length - 1) * RAIL + lineLength(width);
  const placed: MapGuest[] = [];
  let rowY = y + HEAD;
  for (const guest of guests) {
    const height = Math.max(1, guest.plugs.length) * LANE + ROW_SPACE;
    const lanes = guest.plugs.flatMap((plug, index) => {
      const at = railX.get(plug.network);
      const middle = rowY + ROW_SPACE / 2 + (index + 0.5) * LANE;
      return at === undefined ? [] : [{ ...plug, y: middle, railX: at }];
    });
    placed.push({ guest, x: wordsX, y: rowY, width: x + width - wordsX - 4, height, lanes });
    rowY += height;
  }
  const lanes = placed.flatMap((guest) => guest.lanes);
  const rails = names.map((network) => ({
    network,
    x: railX.get(network)!,
    top: busY.get(network)!,
    bottom: Math.max(...lanes.filter((lane) => lane.network === network).map((lane) => lane.y)),
  }));
  return { name, x, y, width, height: rowY + FOOT - y, wordsX, rails, guests: placed };
}

/** From the last rail to the domains: as long as it can be, to show what runs over it. */
function lineLength(hostWidth: number): number {
  return Math.max(26, Math.min(72, hostWidth - 250));
}

function layoutPlaces(
  networks: readonly Network[],
  busY: ReadonlyMap<string, number>,
): readonly MapPlace[] {
  const kinds: readonly (readonly [PlaceKind, (network: Network) => boolean])[] = [
    ['outside', ({ kind }) => kind === 'outside'],
    ['machine', ({ kind, reachesMachine }) => kind === 'outside' && reachesMachine],
    ['router', ({ kind }) => kind !== 'isolated'],
  ];
  return kinds
    .map(([kind, joinsIt]) => ({
      kind,
      joins: networks.filter(joinsIt).map(({ name }) => busY.get(name)!),
    }))
    .filter(({ joins }) => joins.length > 0)
    .map(({ kind, joins }, index) => ({
      kind,
      joins,
      x: FIRST_PLACE + index * PLACE,
      bottom: Math.max(...joins),
    }));
}

/** The leftmost place that it leads to; an isolated one begins at its gateway. */
function leftEnd(network: Network, places: readonly MapPlace[]): number {
  const reach: Record<Network['kind'], readonly PlaceKind[]> = {
    isolated: [],
    routed: ['router'],
    outside: ['outside', 'router'],
  };
  const joined = places.filter(({ kind }) => reach[network.kind].includes(kind));
  return joined[0]?.x ?? GATEWAY_X;
}

/** Its last rail; one that nobody is on ends where hosts begin. */
function rightEnd(network: string, hosts: readonly MapHost[]): number {
  const rails = hosts.flatMap((host) => host.rails.filter((rail) => rail.network === network));
  return rails.at(-1)?.x ?? SIDE;
}

/** An address without what its subnet says already: `.8` of 10.77.0.8 in a /24. */
export function shortAddress(address: string, subnet: string): string {
  const fixed = Math.floor(Number(subnet.split('/')[1] ?? 0) / 8);
  return `.${address.split('.').slice(Math.min(3, fixed)).join('.')}`;
}

/** A line's width for what runs over it: a pixel more for about every tenfold. */
export function lineWidth(bytesPerSecond: number): number {
  if (bytesPerSecond < 100) return 1;
  return Math.round((1.2 + 0.6 * Math.min(6, Math.log10(bytesPerSecond / 100))) * 5) / 5;
}
