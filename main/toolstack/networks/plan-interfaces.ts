/** From what a person asks for to an interface of a domain's definition: its MAC and its address. */
import { randomBytes } from 'node:crypto';
import type { NewInterface } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { broadcastOf, contains, formatIpv4, parseIpv4 } from '../../dom0/network/index.ts';
import type { InterfaceDefinition } from '../store/interface-table.ts';
import type { NetworkDefinition } from '../store/network-table.ts';
import { gatewayOf, known } from './subnets.ts';

/** `eth0` to `eth7`. */
const MOST_INTERFACES = 8;
/** Xen's; the first bit after it is 0 by its tools' custom. */
const XEN_OUI = '00:16:3e';
/** Locally administered: the gateways' worker has them from the networks' numbers. */
const GATEWAYS = '02:64:6f:00:';
const ZERO_MAC = '00:00:00:00:00:00';

/** An interface that a domain has, running or not, deleted or not. */
export interface Holder {
  domain: string;
  isDeleted: boolean;
  definition: InterfaceDefinition;
}

export interface InterfacePlace {
  /** Error `network.unknown`. */
  network(name: string): NetworkDefinition;
  /** Everybody's. */
  holders(): Iterable<Holder>;
}

/**
 * All of `asked`, beside what the domain `owner` has. Nothing is taken yet: the caller stores them
 * before anybody else plans. Errors `network.unknown`, `network.full`, `interface.*`.
 */
export function planInterfaces(
  place: InterfacePlace,
  owner: string,
  present: readonly InterfaceDefinition[],
  asked: readonly NewInterface[],
): InterfaceDefinition[] {
  const holders = [...place.holders()];
  const planned: InterfaceDefinition[] = [];
  for (const one of asked) {
    const network = place.network(one.network);
    const definition: InterfaceDefinition = {
      handle: freeHandle(owner, [...present, ...planned]),
      network: network.name,
      mac: one.mac === undefined ? newMac(holders) : requireMac(one.mac, holders),
      address:
        one.address === undefined
          ? freeAddress(network, holders)
          : requireAddress(one.address, network, holders),
      linkUp: true,
      sendLimitBytesPerSecond: null,
      receiveLimitBytesPerSecond: null,
      access: { rules: [], otherwise: 'allow' },
    };
    planned.push(definition);
    holders.push({ domain: owner, isDeleted: false, definition });
  }
  return planned;
}

/** What a domain's interfaces had once nobody else has now. Errors as {@link planInterfaces}. */
export function requireStillFree(
  place: InterfacePlace,
  owner: string,
  interfaces: readonly InterfaceDefinition[],
): void {
  const others = [...place.holders()].filter(({ domain }) => domain !== owner);
  for (const { network, mac, address } of interfaces) {
    requireMac(mac, others);
    requireAddress(address, place.network(network), others);
  }
}

function freeHandle(owner: string, present: readonly InterfaceDefinition[]): number {
  const taken = new Set(present.map(({ handle }) => handle));
  for (let handle = 0; handle < MOST_INTERFACES; handle++) if (!taken.has(handle)) return handle;
  throw new DomusError(
    'interface.too-many',
    `Domain ${owner} has ${MOST_INTERFACES} interfaces, and no more are possible. Detach one first.`,
    { data: { domain: owner } },
  );
}

function newMac(holders: readonly Holder[]): string {
  const taken = new Set(holders.map(({ definition }) => definition.mac));
  for (;;) {
    const own = randomBytes(3);
    own[0]! &= 0x7f;
    const octets = [...own].map((octet) => octet.toString(16).padStart(2, '0'));
    const mac = [XEN_OUI, ...octets].join(':');
    if (!taken.has(mac)) return mac;
  }
}

function requireMac(text: string, holders: readonly Holder[]): string {
  const mac = text.toLowerCase();
  const isMulticast = (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
  if (isMulticast || mac === ZERO_MAC || mac.startsWith(GATEWAYS)) {
    const why = isMulticast
      ? 'it is a group’s, not one station’s'
      : mac === ZERO_MAC
        ? 'it is no station’s'
        : 'these are the gateways’';
    throw new DomusError(
      'interface.bad-mac',
      `The MAC address ${text} cannot be given to an interface: ${why}. Leave it out, or choose one from ${XEN_OUI}:00:00:00 to ${XEN_OUI}:7f:ff:ff.`,
      { data: { mac: text } },
    );
  }
  const holder = holders.find(({ definition }) => definition.mac === mac);
  if (!holder) return mac;
  throw new DomusError(
    'interface.mac-taken',
    `The MAC address ${mac} is that of ${whose(holder)}. Choose another one, or leave it out.`,
    { data: { mac, domain: holder.domain } },
  );
}

function freeAddress(network: NetworkDefinition, holders: readonly Holder[]): string {
  const subnet = known(network.subnet);
  const taken = new Set(
    holders
      .filter(({ definition }) => definition.network === network.name)
      .map(({ definition }) => definition.address),
  );
  for (let address = gatewayOf(subnet) + 1; address < broadcastOf(subnet); address++) {
    const text = formatIpv4(address);
    if (!taken.has(text)) return text;
  }
  throw new DomusError(
    'network.full',
    `Every address of network ${network.name} (${network.subnet}) is taken. Detach an interface from it, or add a larger network.`,
    { data: { network: network.name } },
  );
}

function requireAddress(
  text: string,
  network: NetworkDefinition,
  holders: readonly Holder[],
): string {
  const subnet = known(network.subnet);
  const address = parseIpv4(text);
  const data = { address: text, network: network.name };
  if (address === null || !contains(subnet, address)) {
    throw new DomusError(
      'interface.bad-address',
      `The address ${text} is not of network ${network.name} (${network.subnet}). Choose one of its own, or leave it out.`,
      { data },
    );
  }
  if (address <= gatewayOf(subnet) || address === broadcastOf(subnet)) {
    const whose = address === gatewayOf(subnet) ? 'its gateway’s' : 'the network’s own';
    throw new DomusError(
      'interface.bad-address',
      `The address ${text} of network ${network.name} is ${whose}. Choose another one, or leave it out.`,
      { data },
    );
  }
  const holder = holders.find(
    ({ definition }) => definition.network === network.name && definition.address === text,
  );
  if (!holder) return text;
  throw new DomusError(
    'interface.address-taken',
    `The address ${text} is that of ${whose(holder)}. Choose another one, or leave it out.`,
    { data: { ...data, domain: holder.domain } },
  );
}

function whose({ domain, isDeleted, definition }: Holder): string {
  const which = `interface ${definition.handle} of domain ${domain}`;
  return isDeleted ? `${which}, which was deleted but can be taken back` : which;
}
