/**
 * Which addresses guests may reach through the machine's own sockets. A guest must not become the
 * machine itself: its loopback, its own addresses (where the daemon and others listen, trusting who
 * is here) and its link's special addresses are denied unless a person allows them.
 *
 * It is asked about addresses, at the moment of connecting: no name is resolved after it has spoken.
 */
import { networkInterfaces } from 'node:os';
import { contains, parseIpv4, parseSubnet } from '../address/ipv4-address.ts';
import type { Ipv4Address, Subnet } from '../address/ipv4-address.ts';

export type MayReach = (address: Ipv4Address, port: number, protocol: 'tcp' | 'udp') => boolean;

/** RFC 6890: this host, link-local, multicast, reserved and broadcast. */
const SPECIAL = subnets('0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4');
const LOOPBACK = subnets('127.0.0.0/8');
/** A machine's addresses change, but not with every datagram. */
const OWN_FOR_MS = 1000;

let known: { addresses: Set<Ipv4Address>; untilMs: number } | null = null;

function ownAddresses(): Set<Ipv4Address> {
  const now = performance.now();
  if (!known || now > known.untilMs) {
    known = { addresses: readOwnAddresses(), untilMs: now + OWN_FOR_MS };
  }
  return known.addresses;
}

function readOwnAddresses(): Set<Ipv4Address> {
  const own = new Set<Ipv4Address>();
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { family, address } of addresses ?? []) {
      const parsed = family === 'IPv4' ? parseIpv4(address) : null;
      if (parsed !== null) own.add(parsed);
    }
  }
  return own;
}

/** The default. */
export const denyOwnMachine: MayReach = (address) =>
  !isIn([...SPECIAL, ...LOOPBACK], address) && !ownAddresses().has(address);

/** A person allows the machine's own addresses. */
export const denySpecial: MayReach = (address) => !isIn(SPECIAL, address);

function isIn(all: readonly Subnet[], address: Ipv4Address): boolean {
  return all.some((subnet) => contains(subnet, address));
}

function subnets(...texts: string[]): Subnet[] {
  return texts.map(parseSubnet).filter((subnet) => subnet !== null);
}
