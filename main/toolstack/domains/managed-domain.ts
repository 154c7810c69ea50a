/** A domain of the site: what was configured, the life it has, and what runs it meanwhile. */
import type { Domain } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { MINIMUM_KIB } from '../placement/memory-rules.ts';
import type { DomainDefinition, DomainFate, StoredDomain } from '../store/domain-table.ts';
import type { ActiveProtection } from '../protection/active-protection.ts';
import { advance, aliveIn } from './life.ts';
import type { Life, Rest, Step } from './life.ts';
import type { RunningDomain } from './running-domain.ts';

/** One thing at a time is done to a domain. */
export interface Operation {
  /** As in "Domain web1 is being …": `started`, `moved to beta`. */
  participle: string;
  /** Settles when it ended, well or not. */
  over: Promise<unknown>;
  /** Makes it end soon; absent where it cannot be cut short. */
  cancel?: () => void;
}

export class ManagedDomain {
  definition: DomainDefinition;
  life: Life;
  running: RunningDomain | null = null;
  operation: Operation | null = null;
  /** Its standby, while it runs and has one. */
  protection: ActiveProtection | null = null;
  deletedAtMs: number | null;
  /** Starts of late, for guests that crash over and over. */
  restarts: number[] = [];

  /** What its view says of its checkpoints. */
  checkpoints: Domain['checkpoints'] = null;
  /** What its checkpoints have for disks. */
  keptDisks: readonly string[] = [];

  constructor({ definition, fate, deletedAtMs }: StoredDomain) {
    this.definition = definition;
    this.deletedAtMs = deletedAtMs;
    this.life = restOf(fate);
  }

  get uuid(): string {
    return this.definition.uuid;
  }

  get name(): string {
    return this.definition.name;
  }

  get state(): Life['state'] {
    return this.life.state;
  }

  advance(step: Step): void {
    this.life = advance(this.name, this.life, step);
  }

  /** What runs it. Error `domain.not-running`. */
  get worker(): RunningDomain {
    if (this.running) return this.running;
    throw new DomusError(
      'domain.not-running',
      `Domain ${this.name} does not run (it is ${this.state}). Start it first.`,
      { data: { domain: this.name, state: this.state } },
    );
  }

  /** Error `domain.busy`. */
  requireIdle(): void {
    if (!this.operation) return;
    throw new DomusError(
      'domain.busy',
      `Domain ${this.name} is being ${this.operation.participle}. Wait until that has ended, or cancel its task.`,
      { data: { domain: this.name } },
    );
  }

  /** Does `work` while nothing else may be done to it. Error `domain.busy`. */
  async exclusively<T>(
    participle: string,
    work: () => Promise<T>,
    cancel?: () => void,
  ): Promise<T> {
    this.requireIdle();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.operation = { participle, over: promise, ...(cancel ? { cancel } : {}) };
    try {
      return await work();
    } finally {
      this.operation = null;
      resolve();
    }
  }

  get fate(): DomainFate {
    const life = 'before' in this.life ? this.life.before : this.life;
    // A saved state is there until its domain runs.
    const alive = life.state === 'saved' ? null : aliveIn(this.life);
    return {
      runningDomid: alive?.domid ?? null,
      endedAs: life.state === 'crashed' || life.state === 'saved' ? life.state : 'shut-off',
      reason: 'reason' in life ? life.reason : null,
      wasRunning: 'wasRunning' in life && life.wasRunning,
    };
  }

  get view(): Domain {
    const { definition, life, running } = this;
    const alive = aliveIn(life);
    return {
      uuid: definition.uuid,
      name: definition.name,
      domid: alive?.domid ?? null,
      host: running?.host.name ?? definition.host,
      state: life.state,
      reason: 'reason' in life ? life.reason : null,
      wasRunning: 'wasRunning' in life && life.wasRunning,
      isDomain0: false,
      image: definition.image,
      vcpus: definition.vcpus,
      memory: {
        actualKiB: running?.actualKiB ?? 0,
        targetKiB: running?.targetKiB ?? definition.memoryKiB,
        minimumKiB: MINIMUM_KIB,
        maximumKiB: running?.maximumKiB ?? definition.maxMemoryKiB,
      },
      onPoweroff: definition.onPoweroff,
      onReboot: definition.onReboot,
      onCrash: definition.onCrash,
      createdAtMs: definition.createdAtMs,
      startedAtMs: alive && alive.startedAtMs > 0 ? alive.startedAtMs : null,
      address: definition.interfaces[0]?.address ?? null,
      disks: definition.disks,
      interfaces: definition.interfaces,
      protection: this.protection?.view ?? null,
      checkpoints: this.checkpoints,
    };
  }
}

function restOf({ endedAs, reason, wasRunning }: DomainFate): Rest {
  switch (endedAs) {
    case 'crashed':
      return { state: 'crashed', reason: reason ?? 'it crashed' };
    case 'saved':
      return { state: 'saved', reason };
    case 'shut-off':
      return { state: 'shut-off', reason, wasRunning };
  }
}
