/** One simulated host of the site: its definition, its worker while it is up, its free memory. */
import type { Host } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { MemoryLedger } from '../placement/memory-ledger.ts';
import type { Growing } from '../placement/memory-ledger.ts';
import type { Candidate } from '../placement/placement.ts';
import type { HostDefinition } from '../store/host-table.ts';
import type { HostLink } from './host-link.ts';

export class SiteHost {
  readonly definition: HostDefinition;
  readonly ledger: MemoryLedger;
  /** Its domains are being moved away. */
  isBeingDrained = false;
  private current: HostLink | null = null;

  constructor(definition: HostDefinition, growing: (host: string) => Iterable<Growing>) {
    this.definition = definition;
    this.ledger = new MemoryLedger(
      definition.name,
      () => this.freeKiB,
      () => growing(definition.name),
    );
  }

  get name(): string {
    return this.definition.name;
  }

  get isUp(): boolean {
    return this.current?.isUp ?? false;
  }

  /** No new domain is placed here. */
  get isDrained(): boolean {
    return this.definition.drained;
  }

  get freeKiB(): number {
    return this.current?.isUp ? this.current.freeKiB : 0;
  }

  /** The most one domain could ever have here. */
  get largestKiB(): number {
    return this.definition.memoryKiB - this.definition.domain0KiB;
  }

  get candidate(): Candidate {
    const { name, isUp: up, isDrained: drained, ledger } = this;
    return { name, up, drained, availableKiB: ledger.availableKiB };
  }

  /** Its worker. Error `host.down`. */
  get link(): HostLink {
    if (this.current?.isUp) return this.current;
    throw new DomusError(
      'host.down',
      `Host ${this.name} is down. It comes back by itself; the log says why it went.`,
      { data: { host: this.name } },
    );
  }

  attach(link: HostLink | null): void {
    this.current = link;
  }

  async terminate(): Promise<void> {
    await this.current?.terminate();
  }

  get view(): Host {
    const { definition } = this;
    return {
      name: definition.name,
      memoryKiB: definition.memoryKiB,
      freeKiB: this.freeKiB,
      domain0KiB: definition.domain0KiB,
      pcpus: definition.pcpus,
      bandwidthBytesPerSecond: definition.bandwidthBytesPerSecond,
      latencyMs: definition.latencyMs,
      lossPercent: definition.lossPercent,
      state: this.isUp ? 'up' : 'down',
      drained: definition.drained,
    };
  }
}
