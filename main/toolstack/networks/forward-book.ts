/**
 * Ports of this machine that lead to guests. A forward is kept whatever becomes of it: it is open
 * while the gateways' worker lives, its domain has the interface and its port is free. Otherwise it
 * has a fault, which is told once.
 */
import type { AddForward, Forward } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ForwardSpec } from '../control/gateway.contract.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { EventBook } from '../events/event-book.ts';
import type { ForwardDefinition, ForwardTable } from '../store/forward-table.ts';
import { within } from '../streams/waiting.ts';
import type { GatewayLink } from './gateway-link.ts';

type Protocol = ForwardDefinition['protocol'];
/** Where a forward leads, of the gateways' worker's world. */
type Target = Pick<ForwardSpec, 'network' | 'address'>;

interface Kept {
  definition: ForwardDefinition;
  /** Where it leads while it is open. */
  open: Target | null;
  /** Where it could not be opened to, as {@link keyOfTarget}. */
  refused: string | null;
  fault: string | null;
}

export interface ForwardBookOptions {
  table: ForwardTable;
  events: EventBook;
  /** Deleted ones too. */
  domain(uuid: string): ManagedDomain | undefined;
  changed(): void;
}

const NO_GATEWAYS = 'The gateways are being started again.';
/** At the start of the program, or after they died, they are there well before. */
const GATEWAYS_TIMEOUT_MS = 10_000;

export class ForwardBook {
  private readonly options: ForwardBookOptions;
  private readonly kept = new Map<string, Kept>();
  private gateways: GatewayLink | null = null;
  private there = Promise.withResolvers<GatewayLink>();
  private work: Promise<unknown> = Promise.resolve();

  constructor(options: ForwardBookOptions) {
    this.options = options;
    for (const definition of options.table.all()) {
      this.kept.set(keyOf(definition), {
        definition,
        open: null,
        refused: null,
        fault: NO_GATEWAYS,
      });
    }
  }

  /** By port. Those of deleted domains come back with them. */
  all(): Forward[] {
    return [...this.kept.values()]
      .sort((a, b) => a.definition.port - b.definition.port)
      .flatMap((one) => this.view(one) ?? []);
  }

  gatewaysUp(gateways: GatewayLink): void {
    this.gateways = gateways;
    this.there.resolve(gateways);
    void this.adjust('retry');
  }

  gatewaysDown(): void {
    this.gateways = null;
    this.there = Promise.withResolvers();
    // At once: whoever looks now must not be told that they are open.
    for (const one of this.kept.values()) Object.assign(one, { open: null, fault: NO_GATEWAYS });
    if (this.kept.size > 0) this.options.changed();
  }

  /**
   * Opens a port that leads to `domain`. One that is there already, and has a fault, is tried again.
   * Errors `forward.exists`, `interface.not-attached`, `network.gateways-down`,
   * `network.port-in-use`, `network.port-refused`.
   */
  add(domain: ManagedDomain, asked: Omit<AddForward, 'domain'>): Promise<Forward> {
    const handle = asked.handle ?? domain.definition.interfaces[0]?.handle ?? 0;
    const { port, toPort, protocol = 'tcp' } = asked;
    const wanted: ForwardDefinition = { protocol, port, domain: domain.uuid, handle, toPort };
    return this.inTurn(async () => {
      const target = requireTarget(domain, handle);
      this.makeWay(wanted);
      const definition = { ...wanted, port: await this.open(wanted, target) };
      const one: Kept = { definition, open: target, refused: null, fault: null };
      if (!this.kept.has(keyOf(definition))) this.options.table.insert(definition);
      this.kept.set(keyOf(definition), one);
      this.options.changed();
      return this.view(one)!;
    });
  }

  /** Without a protocol: the one that there is, TCP first. Error `forward.unknown`. */
  remove(port: number, protocol: Protocol | undefined): Promise<Forward> {
    return this.inTurn(async () => {
      const protocols: Protocol[] = protocol === undefined ? ['tcp', 'udp'] : [protocol];
      const [one] = protocols.flatMap(
        (each) => this.kept.get(keyOf({ protocol: each, port })) ?? [],
      );
      const view = one && this.view(one);
      if (!one || !view) throw unknown(port, protocol);
      this.options.table.remove(one.definition);
      this.kept.delete(keyOf(one.definition));
      await this.close(one);
      this.options.changed();
      return view;
    });
  }

  /** Opens and closes what the domains, as they are now, ask for; faults are tried again by `retry`. */
  async adjust(how: 'changed' | 'retry' = 'changed'): Promise<void> {
    if (this.kept.size === 0) return;
    await this.inTurn(async () => {
      const before = JSON.stringify(this.all());
      for (const one of [...this.kept.values()]) await this.adjustOne(one, how === 'retry');
      if (JSON.stringify(this.all()) !== before) this.options.changed();
    });
  }

  private async adjustOne(one: Kept, retries: boolean): Promise<void> {
    const { definition } = one;
    const domain = this.options.domain(definition.domain);
    if (!domain) {
      this.kept.delete(keyOf(definition));
      return this.close(one);
    }
    const target = domain.deletedAtMs === null ? targetOf(domain, definition.handle) : null;
    if (!this.gateways || !target) {
      await this.close(one);
      one.fault = this.gateways ? noInterface(domain, definition.handle) : NO_GATEWAYS;
      return;
    }
    const isRight = one.open?.network === target.network && one.open.address === target.address;
    const wasTried = one.open === null && one.refused === keyOfTarget(target);
    if (isRight || (wasTried && !retries)) return;
    await this.close(one);
    try {
      await this.open(definition, target);
      one.open = target;
      one.refused = null;
      one.fault = null;
    } catch (error) {
      one.refused = keyOfTarget(target);
      this.failed(one, domain, error instanceof Error ? error.message : String(error));
    }
  }

  private failed(one: Kept, { name, uuid }: ManagedDomain, why: string): void {
    if (one.fault === why) return;
    one.fault = why;
    const { protocol, port, toPort } = one.definition;
    this.options.events.add(
      'warning',
      'forward.failed',
      `Port ${port} (${protocol}) does not lead to ${name}:${toPort}: ${why}`,
      { domain: uuid },
    );
  }

  private async open(definition: ForwardDefinition, target: Target): Promise<number> {
    const { protocol, port, toPort } = definition;
    const gateways = await within(
      this.there.promise,
      GATEWAYS_TIMEOUT_MS,
      () => new DomusError('network.gateways-down', `${NO_GATEWAYS} Try again in a moment.`),
    );
    const opened = await gateways.call('forward.open', { protocol, port, toPort, ...target });
    return opened.port;
  }

  /** It is closed also when the worker that had it open is gone. */
  private async close(one: Kept): Promise<void> {
    if (!one.open) return;
    one.open = null;
    const { protocol, port } = one.definition;
    await this.gateways?.call('forward.close', { protocol, port }).catch(() => undefined);
  }

  /** Error `forward.exists`. What a deleted domain had there it has no more. */
  private makeWay(wanted: ForwardDefinition): void {
    const there = this.kept.get(keyOf(wanted));
    if (!there) return;
    const view = this.view(there);
    if (!view) {
      this.options.table.remove(there.definition);
      this.kept.delete(keyOf(wanted));
      return;
    }
    const { domain, handle, toPort } = there.definition;
    const isSame = domain === wanted.domain && handle === wanted.handle && toPort === wanted.toPort;
    if (isSame && there.open === null) return;
    throw new DomusError(
      'forward.exists',
      `Port ${view.port} (${view.protocol}) leads to ${view.domain}:${view.toPort} already. Choose another one, or remove that first.`,
      { data: { port: view.port, protocol: view.protocol, domain: view.domain } },
    );
  }

  private view({ definition, fault }: Kept): Forward | null {
    const { protocol, port, handle, toPort } = definition;
    const domain = this.options.domain(definition.domain);
    if (!domain || domain.deletedAtMs !== null) return null;
    return { port, protocol, domain: domain.name, toPort, handle, fault };
  }

  private inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.work.then(step);
    this.work = done.catch(() => undefined);
    return done;
  }
}

function keyOf({ protocol, port }: Pick<ForwardDefinition, 'protocol' | 'port'>): string {
  return `${protocol} ${port}`;
}

function keyOfTarget({ network, address }: Target): string {
  return `${network} ${address}`;
}

function targetOf({ definition }: ManagedDomain, handle: number): Target | null {
  const found = definition.interfaces.find((one) => one.handle === handle);
  return found ? { network: found.network, address: found.address } : null;
}

function requireTarget(domain: ManagedDomain, handle: number): Target {
  const target = targetOf(domain, handle);
  if (target) return target;
  throw new DomusError(
    'interface.not-attached',
    `${noInterface(domain, handle)} Attach one first: domus net attach ${domain.name} NETWORK.`,
    { data: { domain: domain.name, handle } },
  );
}

function noInterface({ name }: ManagedDomain, handle: number): string {
  return `Domain ${name} has no interface ${handle}.`;
}

function unknown(port: number, protocol: Protocol | undefined): DomusError {
  return new DomusError(
    'forward.unknown',
    `No port ${port}${protocol ? ` (${protocol})` : ''} of this machine leads to a guest. "domus forward list" names those that do.`,
    { data: { port, protocol: protocol ?? null } },
  );
}
