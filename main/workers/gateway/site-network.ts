/** One network of the site, as its gateway sees it: DHCP, names, the ways out, and the forwards in. */
import { DomusError } from '../../../shared/errors.ts';
import type {
  Assignment,
  Forward,
  Ipv4Address,
  MacAddress,
  Router,
} from '../../dom0/network/index.ts';
import {
  Assignments,
  denyOwnMachine,
  denySpecial,
  DhcpService,
  DnsService,
  formatIpv4,
  formatMac,
  forwardDns,
  FULL_ABILITY,
  Gateway,
  NetworkSwitch,
  Outside,
  parseIpv4,
  parseMac,
  parseSubnet,
} from '../../dom0/network/index.ts';
import type {
  AssignedAddress,
  ForwardSpec,
  GatewaySpec,
} from '../../toolstack/control/gateway.contract.ts';

/** Locally administered: no card has it, and no domain is given it. The network's number follows. */
const MAC_BASE: MacAddress = 0x0264_6f00_0000;
/** Addresses are for good; a guest only asks again whether it is still there. */
const LEASE_SECONDS = 86_400;

/** What a network knows of the others. */
export interface Neighbourhood {
  /** Of all names: `web1` is `web1.domus.internal`. */
  readonly zone: string;
  readonly router: Router;
  isOfSite(address: Ipv4Address): boolean;
  /** Addresses of a name on other networks that are reached from here. */
  addressesBeyond(name: string): Ipv4Address[];
  /** A guest of this network took its address by DHCP. */
  taken(mac: string, address: string): void;
}

export class SiteNetwork {
  readonly network: NetworkSwitch;
  readonly gateway: Gateway;
  private current: GatewaySpec;
  private readonly neighbourhood: Neighbourhood;
  private readonly assignments = new Assignments();
  private readonly outside: Outside;
  private readonly forwards = new Map<string, Forward>();

  constructor(spec: GatewaySpec, neighbourhood: Neighbourhood) {
    this.current = spec;
    this.neighbourhood = neighbourhood;
    const now = (): number => performance.now();
    this.network = new NetworkSwitch({ now, mtu: spec.mtu });
    this.gateway = new Gateway({
      mac: MAC_BASE + spec.number,
      address: required(parseIpv4(spec.address), spec.address),
      subnet: required(parseSubnet(spec.subnet), spec.subnet),
      mtu: spec.mtu,
      now,
      send: (frame, offload) => port.receive(frame, offload),
      leased: (address) => this.assignments.ofAddress(address)?.mac ?? null,
    });
    const { gateway } = this;
    const port = this.network.attach({
      id: 'gateway',
      kind: 'service',
      mac: gateway.mac,
      ability: FULL_ABILITY,
      deliver: (frame, offload) => gateway.receive(frame, offload),
    });
    // Before the outside: what is for another network of ours does not leave.
    neighbourhood.router.join(gateway);
    this.outside = new Outside({
      gateway,
      now,
      mayReach: (...where) => this.mayReach(...where),
      isMachine: true,
    });
    this.configure(spec);
  }

  get spec(): GatewaySpec {
    return this.current;
  }

  /** Another kind: at once, also for connections that are open. */
  configure(spec: GatewaySpec): void {
    this.current = spec;
    const { gateway, assignments, neighbourhood } = this;
    const isJoined = spec.kind !== 'isolated';
    if (isJoined) neighbourhood.router.join(gateway);
    else neighbourhood.router.leave(gateway);
    new DhcpService(gateway, {
      assignments,
      leaseSeconds: LEASE_SECONDS,
      router: isJoined ? gateway.address : null,
      nameServer: gateway.address,
      domain: neighbourhood.zone,
      taken: ({ mac, address }) => neighbourhood.taken(formatMac(mac), formatIpv4(address)),
    });
    new DnsService(gateway, {
      zone: neighbourhood.zone,
      names: {
        addressesOf: (name) => {
          const here = this.addressesOf(name);
          return here.length > 0 || !isJoined ? here : neighbourhood.addressesBeyond(name);
        },
        nameOf: (address) => assignments.ofAddress(address)?.name ?? null,
      },
      forward: spec.kind === 'outside' ? forwardDns() : null,
    });
    this.outside.recheck();
  }

  /** All addresses anew. What is open to one that is not there any more is cut. */
  assign(addresses: readonly AssignedAddress[]): void {
    const gone = this.assignments.replace(addresses.map(assignmentOf));
    for (const address of gone) this.outside.drop(address);
  }

  /** @param name in lower case */
  addressesOf(name: string): Ipv4Address[] {
    return this.assignments.ofName(name).map(({ address }) => address);
  }

  /** @throws DomusError `network.port-in-use`, `network.port-refused` */
  async openForward({ protocol, port, address, toPort }: ForwardSpec): Promise<number> {
    const guest = { address: required(parseIpv4(address), address), port: toPort };
    const forward = await this.outside.forward(protocol, port, () => guest);
    this.forwards.set(`${protocol} ${forward.port}`, forward);
    return forward.port;
  }

  /** False where there is no such one. */
  async closeForward(protocol: 'tcp' | 'udp', port: number): Promise<boolean> {
    const key = `${protocol} ${port}`;
    const forward = this.forwards.get(key);
    this.forwards.delete(key);
    await forward?.close();
    return forward !== undefined;
  }

  async close(): Promise<void> {
    this.neighbourhood.router.leave(this.gateway);
    this.outside.close();
    const forwards = [...this.forwards.values()];
    this.forwards.clear();
    await Promise.all(forwards.map((forward) => forward.close()));
  }

  private mayReach(address: Ipv4Address, port: number, protocol: 'tcp' | 'udp'): boolean {
    const { kind, reachesMachine } = this.current;
    if (kind !== 'outside' || this.neighbourhood.isOfSite(address)) return false;
    return (reachesMachine ? denySpecial : denyOwnMachine)(address, port, protocol);
  }
}

function assignmentOf({ mac, address, name }: AssignedAddress): Assignment {
  return {
    mac: required(parseMac(mac), mac),
    address: required(parseIpv4(address), address),
    name: name.toLowerCase(),
  };
}

function required<T>(parsed: T | null, text: string): T {
  if (parsed !== null) return parsed;
  throw new DomusError('network.bad-address', `"${text}" is no address`, { data: { text } });
}
