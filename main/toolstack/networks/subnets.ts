/** Which subnets networks may have. */
import { DomusError } from '../../../shared/errors.ts';
import { contains, formatIpv4, formatSubnet, parseSubnet } from '../../dom0/network/index.ts';
import type { Subnet } from '../../dom0/network/index.ts';

/** RFC 1918. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(known);
/** Where networks lie whose subnet nobody chose. */
const OWN = known('10.77.0.0/16');
const OWN_PREFIX = 24;
/** Six addresses: the gateway's and five for guests. */
const LONGEST_PREFIX = 29;

/** A network that is there. */
export interface Neighbour {
  name: string;
  subnet: string;
}

/** Errors `network.bad-subnet`, `network.subnet-overlaps`. */
export function requireUsable(text: string, others: readonly Neighbour[]): Subnet {
  const subnet = parseSubnet(text) ?? bad(text, `it is no subnet: did you mean ${rounded(text)}?`);
  if (subnet.prefixLength > LONGEST_PREFIX) {
    bad(text, `it has too few addresses: a network needs at least a /${LONGEST_PREFIX}`);
  }
  if (!PRIVATE.some((range) => isWithin(subnet, range))) {
    bad(text, `it is not private: choose one of ${PRIVATE.map(formatSubnet).join(', ')}`);
  }
  const taken = others.find((other) => overlap(subnet, known(other.subnet)));
  if (!taken) return subnet;
  throw new DomusError(
    'network.subnet-overlaps',
    `The subnet ${text} overlaps that of network ${taken.name} (${taken.subnet}). Choose another one, or leave it out.`,
    { data: { subnet: text, network: taken.name } },
  );
}

/** The first that is free. Error `network.no-subnet-left`. */
export function freeSubnet(others: readonly Neighbour[]): Subnet {
  const taken = others.map(({ subnet }) => known(subnet));
  const step = 2 ** (32 - OWN_PREFIX);
  const end = OWN.base + 2 ** (32 - OWN.prefixLength);
  for (let base = OWN.base; base < end; base += step) {
    const subnet = { base, prefixLength: OWN_PREFIX };
    if (!taken.some((other) => overlap(subnet, other))) return subnet;
  }
  throw new DomusError(
    'network.no-subnet-left',
    `Every /${OWN_PREFIX} of ${formatSubnet(OWN)} is taken. Choose a subnet.`,
  );
}

/** The first address is the gateway's. */
export function gatewayOf(subnet: Subnet): number {
  return subnet.base + 1;
}

/** Of text that was checked before it was stored. */
export function known(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (subnet) return subnet;
  throw new RangeError(`"${text}" is no subnet`);
}

function isWithin(inner: Subnet, outer: Subnet): boolean {
  return inner.prefixLength >= outer.prefixLength && contains(outer, inner.base);
}

function overlap(a: Subnet, b: Subnet): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

/** `10.0.0.7/24` as `10.0.0.0/24`. */
function rounded(text: string): string {
  const [address = '', prefix = ''] = text.split('/');
  const octets = address.split('.').map(Number);
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - Number(prefix));
  return `${formatIpv4(value - (value % size))}/${prefix}`;
}

function bad(text: string, why: string): never {
  throw new DomusError('network.bad-subnet', `The subnet ${text} cannot be used: ${why}.`, {
    data: { subnet: text },
  });
}
