/**
 * Allow and deny lists of an interface. The first rule that matches decides. Rules know no
 * connections: replies need a rule of their own where the default denies. ARP and DHCP always pass,
 * since without them there is no address to make rules for.
 */
import type { Subnet } from '../address/ipv4-address.ts';
import { contains } from '../address/ipv4-address.ts';
import { DhcpPort } from '../protocol/dhcp.ts';
import { IpProtocol } from '../protocol/ipv4.ts';
import type { Dissection } from './dissection.ts';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface AccessRule {
  readonly action: 'allow' | 'deny';
  /** From the guest's point of view. */
  readonly direction: 'in' | 'out';
  readonly protocol: 'any' | 'tcp' | 'udp' | 'icmp';
  /** The other side's addresses; absent for all. */
  readonly remote?: Subnet;
  /** Ports of TCP or UDP; a rule with ports does not match where there are none. */
  readonly remotePorts?: PortRange;
  readonly localPorts?: PortRange;
}

export interface AccessList {
  readonly rules: readonly AccessRule[];
  /** For what no rule matches. */
  readonly otherwise: 'allow' | 'deny';
}

export const ALLOW_ALL: AccessList = { rules: [], otherwise: 'allow' };

export function isAllowed(list: AccessList, direction: 'in' | 'out', packet: Dissection): boolean {
  if (list.rules.length === 0 && list.otherwise === 'allow') return true;
  if (!packet.ip || isDhcp(packet)) return true;
  for (const rule of list.rules) {
    if (rule.direction === direction && matches(rule, packet)) return rule.action === 'allow';
  }
  return list.otherwise === 'allow';
}

function isDhcp({ ip, ports }: Dissection): boolean {
  if (ip?.protocol !== IpProtocol.udp || !ports) return false;
  const { source, destination } = ports;
  return (
    (source === DhcpPort.client && destination === DhcpPort.server) ||
    (source === DhcpPort.server && destination === DhcpPort.client)
  );
}

function matches(rule: AccessRule, { ip, ports }: Dissection): boolean {
  if (!ip) return false;
  if (rule.protocol !== 'any' && IpProtocol[rule.protocol] !== ip.protocol) return false;
  const isOut = rule.direction === 'out';
  if (rule.remote && !contains(rule.remote, isOut ? ip.destination : ip.source)) return false;
  const remote = isOut ? ports?.destination : ports?.source;
  const local = isOut ? ports?.source : ports?.destination;
  return isWithin(rule.remotePorts, remote) && isWithin(rule.localPorts, local);
}

function isWithin(range: PortRange | undefined, port: number | undefined): boolean {
  if (!range) return true;
  return port !== undefined && port >= range.first && port <= range.last;
}
