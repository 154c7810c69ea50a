/** Networks, interfaces, forwards and captures of the synthetic site. */
import type {
  AddForward,
  AddNetwork,
  Capture,
  Domain,
  Forward,
  Interface,
  InterfaceCounters,
  Lease,
  Network,
  NewInterface,
  SetNetwork,
  SetInterface,
  Task,
} from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import type { z } from 'zod';
import { hostAddress } from './host-address.ts';
import type { SyntheticSite } from './site.ts';
import { startTask } from './tasks.ts';

const ATTACH_MS = 500;
const MOST_INTERFACES = 8;
const FIRST_FREE_PORT = 20_000;

export function addNetwork(site: SyntheticSite, asked: AddNetwork): Network {
  if (site.networks.has(asked.name)) {
    throw new DomusError(
      'network.name-taken',
      `There is a network “${asked.name}” already. Choose another name.`,
    );
  }
  const subnet = asked.subnet ?? freeSubnet(site);
  const network: Network = {
    name: asked.name,
    kind: asked.kind ?? 'isolated',
    subnet,
    gateway: hostAddress(subnet, 1),
    mtu: asked.mtu ?? 1500,
    reachesMachine: asked.reachesMachine ?? false,
  };
  site.networks.set(network.name, network);
  site.publishNetworking();
  return network;
}

export function setNetwork(site: SyntheticSite, asked: z.infer<typeof SetNetwork>): Network {
  const old = findNetwork(site, asked.network);
  const kind = asked.kind ?? old.kind;
  const reachesMachine = kind === 'outside' && (asked.reachesMachine ?? old.reachesMachine);
  const network = { ...old, kind, reachesMachine };
  site.networks.set(network.name, network);
  site.publishNetworking();
  return network;
}

export function removeNetwork(site: SyntheticSite, name: string): void {
  findNetwork(site, name);
  const user = [...site.domains.values()].find((domain) =>
    domain.interfaces.some((one) => one.network === name),
  );
  if (user !== undefined) {
    throw new DomusError(
      'network.in-use',
      `${user.name} is on ${name}. Detach its interface first.`,
    );
  }
  site.networks.delete(name);
  site.publishNetworking();
}

export function leasesOf(site: SyntheticSite): Lease[] {
  return [...site.domains.values()].flatMap((domain) =>
    domain.interfaces.map(({ network, address, mac }) => ({
      network,
      address,
      mac,
      domain: domain.name,
    })),
  );
}

export function attachInterface(site: SyntheticSite, domain: Domain, asked: NewInterface): Task {
  const made = newInterface(site, domain, asked);
  return startTask(site, {
    kind: 'interface-attach',
    title: `Attaching eth${made.handle} to ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: ATTACH_MS,
    finish: () => {
      putInterfaces(site, site.domain(domain.uuid), (all) => [...all, made]);
      return { title: `Attached eth${made.handle} to ${domain.name}` };
    },
  });
}

export function detachInterface(site: SyntheticSite, domain: Domain, handle: number): Task {
  findInterface(domain, handle);
  return startTask(site, {
    kind: 'interface-detach',
    title: `Detaching eth${handle} from ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: ATTACH_MS,
    finish: () => {
      site.forwards = site.forwards.filter(
        (one) => one.domain !== domain.name || one.handle !== handle,
      );
      putInterfaces(site, site.domain(domain.uuid), (all) =>
        all.filter((one) => one.handle !== handle),
      );
      site.publishNetworking();
      return { title: `Detached eth${handle} from ${domain.name}` };
    },
  });
}

export function setInterface(
  site: SyntheticSite,
  domain: Domain,
  { domain: _, handle, ...change }: z.infer<typeof SetInterface>,
): Domain {
  findInterface(domain, handle);
  const given = Object.fromEntries(
    Object.entries(change).filter(([, value]) => value !== undefined),
  ) as Partial<Interface>;
  return putInterfaces(site, domain, (all) =>
    all.map((one) => (one.handle === handle ? { ...one, ...given } : one)),
  );
}

/** An interface for a domain that may not be there yet; the lowest free handle and address. */
export function newInterface(
  site: SyntheticSite,
  domain: Pick<Domain, 'name' | 'interfaces'>,
  asked: NewInterface,
): Interface {
  const network = findNetwork(site, asked.network);
  const taken = new Set(domain.interfaces.map((one) => one.handle));
  const handle = Array.from({ length: MOST_INTERFACES }, (_, each) => each).find(
    (each) => !taken.has(each),
  );
  if (handle === undefined) {
    throw new DomusError(
      'interface.too-many',
      `${domain.name} has ${MOST_INTERFACES} interfaces, and no more are possible. Detach one first.`,
    );
  }
  return {
    handle,
    network: network.name,
    mac: asked.mac ?? freeMac(site),
    address: asked.address ?? freeAddress(site, network),
    linkUp: true,
    sendLimitBytesPerSecond: null,
    receiveLimitBytesPerSecond: null,
    access: { rules: [], otherwise: 'allow' },
  };
}

export function countersOf(site: SyntheticSite, domain: Domain): InterfaceCounters[] {
  if (domain.domid === null) return [];
  return domain.interfaces.map(({ handle }) => ({
    handle,
    ...site.traffic.counters(domain.uuid, handle),
    drops:
      handle === 0
        ? [
            { direction: 'sent' as const, reason: 'spoofed-mac', frames: 3 },
            { direction: 'received' as const, reason: 'rate', frames: 1284 },
          ]
        : [],
  }));
}

export function addForward(site: SyntheticSite, domain: Domain, asked: AddForward): Forward {
  const handle = asked.handle ?? domain.interfaces[0]?.handle;
  if (handle === undefined) {
    throw new DomusError(
      'forward.no-interface',
      `${domain.name} has no interface. Attach one, then add the forward.`,
    );
  }
  findInterface(domain, handle);
  const protocol = asked.protocol ?? 'tcp';
  const isTaken = (port: number) =>
    site.forwards.some((one) => one.port === port && one.protocol === protocol);
  let port = asked.port === 0 ? FIRST_FREE_PORT : asked.port;
  while (asked.port === 0 && isTaken(port)) port++;
  if (isTaken(port)) {
    throw new DomusError(
      'forward.port-taken',
      `Port ${port} leads to a guest already. Choose another, or 0 for any.`,
    );
  }
  const forward: Forward = {
    port,
    protocol,
    domain: domain.name,
    toPort: asked.toPort,
    handle,
    fault:
      port < 1024 ? `Port ${port} may not be listened on: choose one from 1024 to 65535.` : null,
  };
  site.forwards = [...site.forwards, forward];
  site.publishNetworking();
  return forward;
}

export function removeForward(site: SyntheticSite, port: number, protocol: 'tcp' | 'udp'): void {
  site.forwards = site.forwards.filter((one) => one.port !== port || one.protocol !== protocol);
  site.publishNetworking();
}

export function startCapture(
  site: SyntheticSite,
  domain: Domain,
  handle: number,
  path: string | undefined,
): Capture {
  findInterface(domain, handle);
  const capture: Capture = {
    id: site.random.uuid(),
    domain: domain.name,
    handle,
    path: path ?? `/home/someone/.local/share/domus/captures/${domain.name}-eth${handle}.pcap`,
    startedAtMs: Date.now(),
    endedAtMs: null,
    frames: 0,
    dropped: 0,
    fault: null,
  };
  site.captures = [...site.captures, capture];
  site.publishNetworking();
  return capture;
}

export function stopCapture(site: SyntheticSite, id: string): Capture {
  const running = site.captures.find((one) => one.id === id);
  if (running === undefined) throw new DomusError('capture.unknown', 'There is no such capture.');
  const ended = { ...running, endedAtMs: running.endedAtMs ?? Date.now(), frames: 1893 };
  site.captures = site.captures.map((one) => (one.id === id ? ended : one));
  site.publishNetworking();
  return ended;
}

function putInterfaces(
  site: SyntheticSite,
  domain: Domain,
  change: (all: readonly Interface[]) => Interface[],
): Domain {
  const interfaces = change(domain.interfaces).toSorted((a, b) => a.handle - b.handle);
  return site.update(domain, { interfaces, address: interfaces[0]?.address ?? null });
}

function findNetwork(site: SyntheticSite, name: string): Network {
  const network = site.networks.get(name);
  if (network !== undefined) return network;
  throw new DomusError('network.unknown', `There is no network “${name}”. Look at the list.`);
}

function findInterface(domain: Domain, handle: number): Interface {
  const found = domain.interfaces.find((one) => one.handle === handle);
  if (found !== undefined) return found;
  throw new DomusError(
    'interface.not-attached',
    `${domain.name} has no interface ${handle}. Look at its devices.`,
  );
}

function freeSubnet(site: SyntheticSite): string {
  const taken = new Set([...site.networks.values()].map(({ subnet }) => subnet));
  for (let third = 0; ; third++) {
    if (!taken.has(`10.77.${third}.0/24`)) return `10.77.${third}.0/24`;
  }
}

function freeAddress(site: SyntheticSite, network: Network): string {
  const taken = new Set(leasesOf(site).map(({ address }) => address));
  for (let number = 2; number < 255; number++) {
    const address = hostAddress(network.subnet, number);
    if (!taken.has(address)) return address;
  }
  throw new DomusError('network.full', `${network.name} has no free address left.`);
}

function freeMac(site: SyntheticSite): string {
  const byte = () => site.random.integer(0, 255).toString(16).padStart(2, '0');
  return `00:16:3e:${byte()}:${byte()}:${byte()}`;
}
