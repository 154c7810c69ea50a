/** The networks of the site: found by name, checked before they come, change or go. */
import type { AddNetwork, Network, NetworkKind } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { formatIpv4, formatSubnet } from '../../dom0/network/index.ts';
import type { NetworkDefinition, NetworkTable } from '../store/network-table.ts';
import { freeSubnet, gatewayOf, known, requireUsable } from './subnets.ts';

const DEFAULT_MTU = 1500;

/** What domains need that nobody has thought about: all on one network, and nobody else. */
export const FIRST_NETWORK: AddNetwork = { name: 'default', subnet: '10.77.0.0/24' };

export class NetworkRegistry {
  private readonly table: NetworkTable;
  private readonly networks = new Map<string, NetworkDefinition>();

  constructor(table: NetworkTable) {
    this.table = table;
    for (const network of table.all()) this.networks.set(network.name, network);
  }

  /** By name. */
  all(): NetworkDefinition[] {
    return [...this.networks.values()].sort((a, b) =>
      a.name.localeCompare(b.name, 'en', { numeric: true }),
    );
  }

  has(name: string): boolean {
    return this.networks.has(name);
  }

  /** Error `network.unknown`. */
  get(name: string): NetworkDefinition {
    const network = this.networks.get(name);
    if (network) return network;
    const names = this.all().map((one) => one.name);
    throw new DomusError(
      'network.unknown',
      `There is no network ${name}. ${names.length > 0 ? `Known: ${names.join(', ')}.` : 'Add one: domus network add NAME.'}`,
      { data: { network: name, known: names } },
    );
  }

  /** Errors `network.exists`, `network.bad-subnet`, `network.subnet-overlaps`, `network.no-subnet-left`, `network.not-outside`. */
  add(asked: AddNetwork): NetworkDefinition {
    this.requireFree(asked.name);
    const kind = asked.kind ?? 'isolated';
    const others = this.all();
    const subnet =
      asked.subnet === undefined ? freeSubnet(others) : requireUsable(asked.subnet, others);
    const network = this.table.insert({
      name: asked.name,
      kind,
      subnet: formatSubnet(subnet),
      mtu: asked.mtu ?? DEFAULT_MTU,
      reachesMachine: reach(asked.name, kind, asked.reachesMachine, false),
      createdAtMs: Date.now(),
    });
    this.networks.set(network.name, network);
    return network;
  }

  /** Errors `network.unknown`, `network.not-outside`. What is left out stays, where it can. */
  set(
    name: string,
    change: { kind?: NetworkKind | undefined; reachesMachine?: boolean | undefined },
  ): NetworkDefinition {
    const before = this.get(name);
    const kind = change.kind ?? before.kind;
    const reachesMachine = reach(name, kind, change.reachesMachine, before.reachesMachine);
    const network = { ...before, kind, reachesMachine };
    this.table.update(network);
    this.networks.set(name, network);
    return network;
  }

  /** The caller has checked that nobody is on it. */
  remove({ name, number }: NetworkDefinition): void {
    this.table.remove(number);
    this.networks.delete(name);
  }

  private requireFree(name: string): void {
    const taken = this.all().find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (!taken) return;
    throw new DomusError(
      'network.exists',
      `There is a network ${taken.name} already. Choose another name.`,
      { data: { network: taken.name } },
    );
  }
}

export function networkView(network: NetworkDefinition): Network {
  const { name, kind, subnet, mtu, reachesMachine } = network;
  return { name, kind, subnet, gateway: gatewayText(network), mtu, reachesMachine };
}

export function gatewayText({ subnet }: NetworkDefinition): string {
  return formatIpv4(gatewayOf(known(subnet)));
}

/** A network that leaves the outside loses this machine with it, unless both were asked for. */
function reach(
  name: string,
  kind: NetworkKind,
  asked: boolean | undefined,
  before: boolean,
): boolean {
  if (kind === 'outside') return asked ?? before;
  if (asked !== true) return false;
  throw new DomusError(
    'network.not-outside',
    `Guests of network ${name} cannot reach this machine: it is ${kind}. Only a network of kind outside can let them.`,
    { data: { network: name, kind } },
  );
}
