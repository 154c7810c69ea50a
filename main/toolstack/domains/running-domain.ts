/** What a domain has only while a worker runs it: its rings, counters, agent, and its end. */
import { DomainCounters } from '../../hypervisor/index.ts';
import { AgentSession } from '../agent/agent-session.ts';
import type { DomainSpec, ShutdownReason } from '../control/host.contract.ts';
import type { DiskService } from '../disks/disk-service.ts';
import type { OpenDisks } from '../disks/open-disks.ts';
import type { SiteHost } from '../hosts/site-host.ts';
import { newSpec } from './new-spec.ts';
import type { NewLife } from './new-spec.ts';

const PAGE_KIB = 4;

/** How a life ended, told by the domain itself, its host, or who forced it off. */
export type Ending =
  | { kind: 'shutdown'; reason: ShutdownReason; detail: string }
  | { kind: 'crashed'; reason: string }
  | { kind: 'destroyed' };

export class RunningDomain {
  readonly spec: DomainSpec;
  readonly counters: DomainCounters;
  readonly agent: AgentSession;
  readonly disks: OpenDisks;
  /** Where it runs; changes when a move is committed. */
  host: SiteHost;
  /** Its balloon's target. */
  targetKiB: number;
  /** Settles at its end. */
  readonly ended: Promise<Ending>;
  /** Settles when its guest has asked for the addresses of the interfaces that it got last. */
  addressesAsked: Promise<unknown> = Promise.resolve();
  /** Settles when its PV drivers spoke to xenstore. */
  readonly spoke: Promise<void>;
  /** Its agent is to be spoken to when it runs: it was restored, and is paused. */
  greet: (() => Promise<void>) | null = null;
  /** Gives back what was reserved for it beside the host's frames. */
  onEnd: () => void = () => {};
  /** Gives back what was reserved until it holds its memory itself. */
  onStarted: () => void = () => {};
  private readonly endedResolvers = Promise.withResolvers<Ending>();
  private readonly spokeResolvers = Promise.withResolvers<void>();
  private over = false;

  constructor(life: NewLife, host: SiteHost, disks: DiskService) {
    this.host = host;
    this.targetKiB = life.memoryKiB;
    this.spec = newSpec(life);
    this.counters = new DomainCounters(this.spec.counters);
    this.agent = new AgentSession(this.spec.agent, this.spec.doorbell);
    this.disks = disks.life({
      domid: life.domid,
      name: () => this.spec.name,
      host: () => this.host.name,
      doorbell: this.spec.doorbell,
    });
    this.ended = this.endedResolvers.promise;
    this.spoke = this.spokeResolvers.promise;
  }

  get domid(): number {
    return this.spec.domid;
  }

  /** What it holds now, by the hypervisor's count. */
  get actualKiB(): number {
    return this.counters.frames * PAGE_KIB;
  }

  /** The RAM its kernel found at boot. */
  get maximumKiB(): number {
    return this.spec.maxMemoryKiB;
  }

  get isOver(): boolean {
    return this.over;
  }

  hasSpoken(): void {
    this.spokeResolvers.resolve();
  }

  /** Its worker is gone; only the first end counts. */
  end(ending: Ending): boolean {
    if (this.over) return false;
    this.over = true;
    this.agent.close('the domain ended');
    void this.disks.closeAll();
    this.onEnd();
    this.endedResolvers.resolve(ending);
    return true;
  }
}
