/** The hosts of the site: kept in the store, each with a worker that is started anew if it dies. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomusError } from '../../../shared/errors.ts';
import type { EventBook } from '../events/event-book.ts';
import type { HostDefinition, HostTable } from '../store/host-table.ts';
import type { Growing } from '../placement/memory-ledger.ts';
import { HostLink } from './host-link.ts';
import type { HostMachine, HostWorkerFactory } from './host-link.ts';
import { SiteHost } from './site-host.ts';

/** Domain 0: what xenstore, back ends and links of a host are accounted with. */
const DOMAIN0_KIB = 32 * 1024;
const DEFAULT_BANDWIDTH = 125_000_000; // 1 Gbit/s
const DEFAULT_LATENCY_MS = 0.2;
/** A host that dies is started again after this, doubled at each failure in a row. */
const RESTART_AFTER_MS = 500;
const RESTART_AT_MOST_MS = 30_000;

export interface NewHost {
  name: string;
  memoryMiB: number;
  pcpus: number;
  bandwidthBytesPerSecond?: number | undefined;
  latencyMs?: number | undefined;
  lossPercent?: number | undefined;
}

export interface HostRegistryOptions {
  table: HostTable;
  events: EventBook;
  factory: HostWorkerFactory;
  engineModule: WebAssembly.Module;
  /** Path of the socket that speaks a host's xenstore. */
  socketFor(host: string): string;
  /** The domains that run on a host, for its ledger. */
  growing(host: string): Iterable<Growing>;
  /** A new worker: listen to it. */
  started(host: SiteHost, link: HostLink): void;
  /** Its worker died, and its domains' workers with it. */
  died(host: SiteHost, reason: string): void;
  changed(host: SiteHost): void;
  removed(name: string): void;
}

export class HostRegistry {
  private readonly options: HostRegistryOptions;
  private readonly hosts = new Map<string, SiteHost>();
  private closing = false;

  constructor(options: HostRegistryOptions) {
    this.options = options;
    for (const definition of options.table.all()) {
      this.hosts.set(definition.name, this.make(definition));
    }
  }

  /** By name. */
  all(): SiteHost[] {
    return [...this.hosts.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
  }

  /** Error `host.unknown`. */
  get(name: string): SiteHost {
    const host = this.hosts.get(name);
    if (host) return host;
    const names = this.all().map((known) => known.name);
    throw new DomusError(
      'host.unknown',
      `There is no host ${name}. ${names.length > 0 ? `Known: ${names.join(', ')}.` : 'Add one: domus host add NAME --memory MiB --cpus N.'}`,
      { data: { host: name, known: names } },
    );
  }

  /** What the largest host could give to one domain. */
  get largestKiB(): number {
    return Math.max(0, ...this.all().map((host) => host.largestKiB));
  }

  /** Starts every host; one that fails stays down and is tried again. */
  async startAll(): Promise<void> {
    await Promise.all(this.all().map((host) => this.bringUp(host)));
  }

  /** Errors `host.exists`, and what its worker fails with (then nothing was added). */
  async add(asked: NewHost): Promise<SiteHost> {
    this.requireFree(asked.name);
    const definition = define(asked);
    const host = this.make(definition);
    this.hosts.set(host.name, host);
    try {
      await this.start(host);
      this.options.table.insert(definition);
    } catch (error) {
      this.hosts.delete(host.name);
      await host.terminate();
      throw error;
    }
    this.options.changed(host);
    this.options.events.add('info', 'host.added', `Host ${host.name} was added.`, {
      host: host.name,
    });
    return host;
  }

  /** The caller has checked that nothing lives there. */
  async remove(host: SiteHost): Promise<void> {
    this.options.table.remove(host.name);
    this.hosts.delete(host.name);
    await host.terminate();
    this.options.removed(host.name);
    this.options.events.add('info', 'host.removed', `Host ${host.name} was removed.`, {
      host: host.name,
    });
  }

  /** Whether new domains are placed there. */
  setDrained(host: SiteHost, drained: boolean): void {
    if (host.isDrained === drained) return;
    this.options.table.setDrained(host.name, drained);
    host.definition.drained = drained;
    this.options.changed(host);
    const what = drained ? 'takes no new domains' : 'takes new domains again';
    this.options.events.add('info', 'host.drained', `Host ${host.name} ${what}.`, {
      host: host.name,
    });
  }

  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(this.all().map((host) => host.terminate()));
  }

  private make(definition: HostDefinition): SiteHost {
    return new SiteHost(definition, this.options.growing);
  }

  private async start(host: SiteHost): Promise<void> {
    const link = await HostLink.start(this.machine(host.definition), this.options.factory);
    host.attach(link);
    this.options.started(host, link);
    void link.exited.then((reason) => this.exited(host, reason));
  }

  private async bringUp(host: SiteHost): Promise<void> {
    for (let waitMs = RESTART_AFTER_MS; this.isWanted(host); waitMs *= 2) {
      try {
        await this.start(host);
        this.options.changed(host);
        return;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.options.events.add('error', 'host.failed', `Host ${host.name} cannot start: ${why}`, {
          host: host.name,
        });
        await sleep(Math.min(waitMs, RESTART_AT_MOST_MS), undefined, { ref: false });
      }
    }
  }

  private exited(host: SiteHost, reason: string): void {
    if (!this.isWanted(host)) return;
    host.attach(null);
    this.options.died(host, reason);
    this.options.changed(host);
    void sleep(RESTART_AFTER_MS, undefined, { ref: false }).then(() => this.bringUp(host));
  }

  private isWanted(host: SiteHost): boolean {
    return !this.closing && this.hosts.get(host.name) === host;
  }

  private machine(definition: HostDefinition): HostMachine {
    const { name, memoryKiB, domain0KiB, pcpus } = definition;
    const { bandwidthBytesPerSecond, latencyMs, lossPercent } = definition;
    return {
      name,
      memoryKiB,
      domain0KiB,
      pcpus,
      bandwidthBytesPerSecond,
      latencyMs,
      lossPercent,
      xenstoreSocketPath: this.options.socketFor(name),
      engineModule: this.options.engineModule,
    };
  }

  private requireFree(name: string): void {
    const taken = this.all().find((host) => host.name.toLowerCase() === name.toLowerCase());
    if (!taken) return;
    throw new DomusError(
      'host.exists',
      `There is a host ${taken.name} already. Choose another name.`,
      { data: { host: taken.name } },
    );
  }
}

/** Of what a person asked for. */
function define(asked: NewHost): HostDefinition {
  return {
    name: asked.name,
    domain0Uuid: randomUUID(),
    memoryKiB: asked.memoryMiB * 1024,
    domain0KiB: DOMAIN0_KIB,
    pcpus: asked.pcpus,
    bandwidthBytesPerSecond: asked.bandwidthBytesPerSecond ?? DEFAULT_BANDWIDTH,
    latencyMs: asked.latencyMs ?? DEFAULT_LATENCY_MS,
    lossPercent: asked.lossPercent ?? 0,
    createdAtMs: Date.now(),
    drained: false,
  };
}
