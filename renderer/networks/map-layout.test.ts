import { describe, expect, it, test } from 'vitest';
import type { Network } from '../../shared/contract/schemas.ts';
import { layoutMap, lineWidth, type PluggedGuest, shortAddress, SIDE } from './map-layout.ts';

function network(name: string, kind: Network['kind'], reachesMachine = false): Network {
  return { name, kind, subnet: '10.0.0.0/24', gateway: '10.0.0.1', mtu: 1500, reachesMachine };
}

function guest(name: string, host: string, ...networks: string[]): PluggedGuest {
  const plugs = networks.map((each, handle) => ({
    handle,
    network: each,
    address: '10.0.0.2',
    linkUp: true,
  }));
  return { uuid: name, name, host, state: 'running', plugs };
}

const NETWORKS = [
  network('lan', 'outside', true),
  network('dmz', 'routed'),
  network('lab', 'isolated'),
];

describe('the map of networks', () => {
  const map = layoutMap(
    NETWORKS,
    ['alpha', 'beta'],
    [
      guest('web1', 'alpha', 'lan', 'dmz'),
      guest('db1', 'alpha', 'dmz'),
      guest('lab1', 'beta', 'lab'),
      guest('idle', 'beta'),
    ],
    1200,
  );
  const [alpha, beta] = map.hosts;

  it('has a rail on a host for each network that is used there, from its bus to its last line', () => {
    expect(alpha!.rails.map((rail) => rail.network)).toEqual(['dmz', 'lan']);
    expect(beta!.rails.map((rail) => rail.network)).toEqual(['lab']);
    for (const host of map.hosts) {
      for (const rail of host.rails) {
        expect(rail.top).toBe(map.buses.find((bus) => bus.network.name === rail.network)!.y);
        const lanes = host.guests.flatMap(({ lanes: all }) => all);
        const own = lanes.filter((lane) => lane.network === rail.network);
        expect(rail.bottom).toBe(Math.max(...own.map((lane) => lane.y)));
        expect(own.every((lane) => lane.railX === rail.x)).toBe(true);
      }
    }
  });

  it('has a line for each interface, none of them upon another', () => {
    const [web1, db1] = alpha!.guests;
    expect(web1!.lanes).toHaveLength(2);
    const ys = [...web1!.lanes, ...db1!.lanes].map((lane) => lane.y);
    expect(new Set(ys).size).toBe(3);
    expect(web1!.lanes.every((lane) => lane.y > web1!.y && lane.y < db1!.y)).toBe(true);
  });

  it('shows a domain that is on no network, without a line', () => {
    expect(beta!.guests.map(({ guest: { name }, lanes }) => [name, lanes.length])).toEqual([
      ['lab1', 1],
      ['idle', 0],
    ]);
  });

  it('joins the outside, the machine and the router only to the networks that reach them', () => {
    const [lan, dmz, lab] = map.buses;
    const joins = Object.fromEntries(map.places.map((place) => [place.kind, place.joins]));
    expect(joins).toEqual({ outside: [lan!.y], machine: [lan!.y], router: [lan!.y, dmz!.y] });
    expect(lan!.left).toBeLessThan(dmz!.left);
    expect(dmz!.left).toBeLessThan(lab!.left);
  });

  it('fits the width while hosts have room, and grows beyond it when they have not', () => {
    expect(map.width).toBe(1200);
    const many = Array.from({ length: 8 }, (_, index) => `host-${index}`);
    const wide = layoutMap(NETWORKS, many, [], 800);
    expect(wide.width).toBeGreaterThan(800);
    const rights = wide.hosts.map(({ x, width }) => x + width);
    expect(wide.hosts.every(({ x }, index) => index === 0 || x > rights[index - 1]!)).toBe(true);
  });

  it('is there without hosts and without guests', () => {
    expect(layoutMap([network('lan', 'isolated')], [], [], 800).buses[0]?.right).toBe(SIDE);
  });
});

test('a line is wider the more runs over it, and never too wide', () => {
  expect(lineWidth(0)).toBe(1);
  const widths = [1e3, 1e5, 1e7, 1e9].map(lineWidth);
  expect(widths).toEqual(widths.toSorted((a, b) => a - b));
  expect(lineWidth(1e15)).toBeLessThanOrEqual(6);
});

test('a short address leaves out what its subnet says', () => {
  expect(shortAddress('10.77.0.8', '10.77.0.0/24')).toBe('.8');
  expect(shortAddress('10.77.3.8', '10.77.0.0/16')).toBe('.3.8');
  expect(shortAddress('10.77.0.8', '10.77.0.8/32')).toBe('.8');
});
