/**
 * The storage and the networks that the site starts with, and each domain's disks and interfaces on
 * them. By place, not by chance: the generator's figures stay those of the domains.
 */
import type { Disk, Domain, Forward, Interface, Network } from '../../shared/contract/index.ts';
import { hostAddress } from './host-address.ts';
import type { StoredPool, StoredVolume } from './pools.ts';

const GIB = 2 ** 30;
const BASE = 'debian-12.qcow2';

export interface DeviceScene {
  readonly pools: StoredPool[];
  readonly networks: Network[];
  readonly forwards: Forward[];
}

interface Role {
  readonly networks: readonly string[];
  /** Beside its system disk. */
  readonly data: 'none' | 'volume' | 'nbd';
}

/** By the name before its number. */
const ROLES: Readonly<Record<string, Role>> = {
  web: { networks: ['lan', 'dmz'], data: 'none' },
  db: { networks: ['dmz'], data: 'volume' },
  lab: { networks: ['lab'], data: 'nbd' },
  mail: { networks: ['lan'], data: 'volume' },
  cache: { networks: ['dmz'], data: 'none' },
  build: { networks: ['lan'], data: 'none' },
  proxy: { networks: ['lan', 'dmz'], data: 'none' },
  queue: { networks: [], data: 'none' },
};

export function makeDeviceScene(hosts: readonly string[], guests: Domain[]): DeviceScene {
  const networks = makeNetworks(guests.length);
  const pools = makePools(hosts);
  const shared = pools[0]!;
  for (const guest of guests) {
    const role = ROLES[guest.name.replace(/\d+$/, '')];
    if (role === undefined) continue;
    guest.disks = [systemDisk(shared, guest), ...dataDisk(pools, guest, role)];
    guest.interfaces = role.networks.map((name, handle) =>
      makeInterface(
        networks.find((network) => network.name === name)!,
        guests,
        guest,
        handle,
      ),
    );
    guest.address = guest.interfaces[0]?.address ?? null;
  }
  return { pools, networks, forwards: makeForwards(guests) };
}

function makeNetworks(guests: number): Network[] {
  const network = (name: string, kind: Network['kind'], third: number): Network => {
    const subnet = guests > 200 ? `10.${77 + third}.0.0/16` : `10.77.${third}.0/24`;
    return { name, kind, subnet, gateway: gatewayOf(subnet), mtu: 1500, reachesMachine: false };
  };
  return [
    { ...network('lan', 'outside', 0), reachesMachine: true },
    network('dmz', 'routed', 1),
    network('lab', 'isolated', 2),
  ];
}

function gatewayOf(subnet: string): string {
  return subnet.endsWith('/16') ? subnet.replace(/0\.0\/16$/, '0.1') : hostAddress(subnet, 1);
}

function makeInterface(
  network: Network,
  guests: readonly Domain[],
  guest: Domain,
  handle: number,
): Interface {
  const index = guests.indexOf(guest);
  const number = index + 2;
  const address = network.subnet.endsWith('/16')
    ? network.subnet.replace(/0\.0\/16$/, `${number >> 8}.${number & 255}`)
    : hostAddress(network.subnet, number);
  const tail = [handle, index >> 8, index & 255].map((byte) => byte.toString(16).padStart(2, '0'));
  return {
    handle,
    network: network.name,
    mac: `00:16:3e:${tail.join(':')}`,
    address,
    linkUp: guest.name !== 'mail1',
    sendLimitBytesPerSecond: guest.name === 'build1' ? 1_250_000 : null,
    receiveLimitBytesPerSecond: null,
    access:
      guest.name === 'web1' && handle === 0
        ? {
            rules: [
              rule('allow', 'in', 'tcp', null, [80, 80]),
              rule('allow', 'in', 'tcp', '10.77.0.0/24', [22, 22]),
              rule('deny', 'in', 'any', null, null),
            ],
            otherwise: 'allow',
          }
        : { rules: [], otherwise: 'allow' },
  };
}

function rule(
  action: 'allow' | 'deny',
  direction: 'in' | 'out',
  protocol: 'any' | 'tcp',
  remote: string | null,
  localPorts: [number, number] | null,
): Interface['access']['rules'][number] {
  return { action, direction, protocol, remote, remotePorts: null, localPorts };
}

function makePools(hosts: readonly string[]): StoredPool[] {
  const shared = makePool('shared', null, 2000e9, 1290e9);
  put(shared, { name: BASE, bytes: 4 * GIB, allocatedBytes: 0.92 * GIB });
  put(shared, {
    name: 'installer.raw',
    bytes: 0.6 * GIB,
    allocatedBytes: 0.6 * GIB,
    format: 'raw',
  });
  put(shared, {
    name: 'broken.qcow2',
    bytes: null,
    allocatedBytes: 65_536,
    fault: 'Its header is not that of a qcow2 file. Delete it, or upload it again.',
  });
  return [
    shared,
    ...hosts.map((host, index) => makePool(`${host}-local`, host, 480e9, (310 - 90 * index) * 1e9)),
  ];
}

function makePool(
  name: string,
  host: string | null,
  capacityBytes: number,
  freeBytes: number,
): StoredPool {
  return {
    name,
    kind: host === null ? 'shared' : 'local',
    host,
    path: `/srv/domus/${name}`,
    capacityBytes,
    freeBytes: Math.max(freeBytes, 12e9),
    fault: null,
    volumes: new Map(),
  };
}

function put(pool: StoredPool, volume: Partial<StoredVolume> & { name: string }): StoredVolume {
  const made: StoredVolume = {
    pool: pool.name,
    format: 'qcow2',
    bytes: 0,
    allocatedBytes: 0,
    over: null,
    fault: null,
    content: null,
    ...volume,
  };
  pool.volumes.set(made.name, made);
  return made;
}

function systemDisk(shared: StoredPool, guest: Domain): Disk {
  const { name, bytes } = put(shared, {
    name: `${guest.name}.qcow2`,
    bytes: 4 * GIB,
    allocatedBytes: (0.05 + (guest.name.length % 3) * 0.11) * GIB,
    over: `${shared.name}/${BASE}`,
  });
  return disk('xvda', `${shared.name}/${name}`, 'qcow2', bytes);
}

function dataDisk(pools: readonly StoredPool[], guest: Domain, { data }: Role): Disk[] {
  if (data === 'none') return [];
  if (data === 'nbd') {
    return [{ ...disk('xvdb', 'nbd://10.0.0.9:10809/lab', 'raw', 2 * GIB), readOnly: true }];
  }
  const local = pools.find((pool) => pool.host === guest.host)!;
  const { name, bytes } = put(local, {
    name: `${guest.name}-data.raw`,
    bytes: 16 * GIB,
    allocatedBytes: 5.3 * GIB,
    format: 'raw',
  });
  return [disk('xvdb', `${local.name}/${name}`, 'raw', bytes)];
}

function disk(name: string, source: string, format: Disk['format'], bytes: number | null): Disk {
  return { name, source, format, readOnly: false, discard: true, onError: 'pause', bytes };
}

function makeForwards(guests: readonly Domain[]): Forward[] {
  const web = guests.find((guest) => guest.name === 'web1');
  if (web === undefined) return [];
  const to = (port: number, toPort: number): Forward => ({
    port,
    protocol: 'tcp',
    domain: web.name,
    toPort,
    handle: 0,
    fault: null,
  });
  return [to(2222, 22), to(8080, 80)];
}
