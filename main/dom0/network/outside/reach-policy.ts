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

/** RFC 6890: this host, loopback, link-local, multicast, reserved and broadcast. */
const SPECIAL = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4']
  .map(parseSubnet)
  .filter((subnet) => subnet !== null);

/** Asked anew each time: a machine's addresses change. */
function ownAddresses(): Set<Ipv4Address> {
  const own = new Set<Ipv4Address>();
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { family, address } of addresses ?? []) {
      const parsed = family === 'IPv4' ? parseIpv4(address) : null;
      if (parsed !== null) own.add(parsed);
    }
  }
  return own;
}

/** @param denied further subnets, for example those of the site's own networks */
export function denyOwnMachine(denied: readonly Subnet[] = []): MayReach {
  const all = [...SPECIAL, ...denied];
  return (address) =>
    !all.some((subnet) => contains(subnet, address)) && !ownAddresses().has(address);
}
