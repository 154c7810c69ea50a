/**
 * The state of the synthetic site and what it tells its watchers. Commands live in `commands.ts`.
 */
import type {
  Capture,
  Checkpoint,
  Domain,
  Forward,
  Host,
  Image,
  Move,
  Network,
  Networking,
  SiteChange,
  SiteEvent,
  StatisticsSample,
  Task,
} from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import { Broadcast } from './broadcast.ts';
import { Load } from './load.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';
import { poolsOf, type StoredPool } from './pools.ts';
import { Traffic } from './traffic.ts';

const KEPT_EVENTS = 1000;
/** What a balloon gives or takes a second. */
const BALLOON_KIB_PER_SECOND = 24 * 1024;

export class SyntheticSite {
  readonly hosts = new Map<string, Host>();
  readonly domains = new Map<string, Domain>();
  readonly deleted = new Map<string, Domain>();
  readonly tasks = new Map<string, Task>();
  readonly moves = new Map<string, Move>();
  images: Image[];
  readonly pools = new Map<string, StoredPool>();
  readonly networks = new Map<string, Network>();
  forwards: Forward[];
  captures: Capture[] = [];
  /** By the domain's UUID. */
  readonly checkpoints = new Map<string, Checkpoint[]>();
  readonly traffic = new Traffic();
  readonly events: SiteEvent[] = [];
  readonly changes = new Broadcast<SiteChange>();
  readonly statistics = new Broadcast<StatisticsSample>();
  readonly eventFeed = new Broadcast<SiteEvent>();
  readonly random: Random;
  readonly #load: Load;
  #nextDomid: number;

  constructor(scene: Scene, random: Random) {
    for (const host of scene.hosts) this.hosts.set(host.name, host);
    for (const domain of scene.domains) this.domains.set(domain.uuid, domain);
    this.images = scene.images;
    for (const pool of scene.pools) this.pools.set(pool.name, pool);
    for (const network of scene.networks) this.networks.set(network.name, network);
    this.forwards = scene.forwards;
    this.random = random;
    this.#load = new Load(random, this.traffic);
    this.#nextDomid = scene.domains.length + 1;
    for (const host of scene.hosts) this.countFree(host.name);
    this.note('info', 'site.started', 'Domus started', null, null);
  }

  snapshot(): SiteChange {
    return {
      type: 'snapshot',
      hosts: [...this.hosts.values()],
      domains: [...this.domains.values()],
      tasks: this.newestTasks(200),
      images: this.images,
      pools: poolsOf(this),
      networking: this.networking(),
      moves: [...this.moves.values()].filter(({ state }) => state === 'running'),
    };
  }

  networking(): Networking {
    const { forwards, captures } = this;
    return { networks: [...this.networks.values()], forwards, captures };
  }

  publishPools(): void {
    this.changes.publish({ type: 'pools', pools: poolsOf(this) });
  }

  publishNetworking(): void {
    this.changes.publish({ type: 'networking', networking: this.networking() });
  }

  newestTasks(limit: number): Task[] {
    return [...this.tasks.values()].reverse().slice(0, limit);
  }

  takeDomid(): number {
    return this.#nextDomid++;
  }

  /** @throws DomusError `domain.unknown` */
  domain(reference: string): Domain {
    const domain =
      this.domains.get(reference) ??
      [...this.domains.values()].find((one) => one.name === reference);
    if (domain !== undefined) return domain;
    throw new DomusError(
      'domain.unknown',
      `There is no domain “${reference}”. Look at the list for its name.`,
    );
  }

  /** @throws DomusError `host.unknown` */
  host(name: string): Host {
    const host = this.hosts.get(name);
    if (host !== undefined) return host;
    throw new DomusError(
      'host.unknown',
      `There is no host “${name}”. Look at the list for its name.`,
    );
  }

  update(domain: Domain, change: Partial<Domain>): Domain {
    const next = { ...domain, ...change };
    this.domains.set(domain.uuid, next);
    this.changes.publish({ type: 'domain', domain: next });
    if (next.disks !== domain.disks) this.publishPools();
    this.countFree(domain.host);
    if (next.host !== domain.host) this.countFree(next.host);
    return next;
  }

  remove(domain: Domain): void {
    this.domains.delete(domain.uuid);
    this.changes.publish({ type: 'domain-removed', uuid: domain.uuid });
    this.countFree(domain.host);
  }

  countFree(name: string): void {
    const host = this.hosts.get(name);
    if (host === undefined) return;
    let heldKiB = 0;
    for (const domain of this.domains.values()) {
      if (domain.host === name) heldKiB += domain.memory.actualKiB;
    }
    const freeKiB = Math.max(0, host.memoryKiB - heldKiB);
    if (freeKiB === host.freeKiB) return;
    const next = { ...host, freeKiB };
    this.hosts.set(name, next);
    this.changes.publish({ type: 'host', host: next });
  }

  setDrained(name: string, drained: boolean): Host {
    const host = { ...this.host(name), drained };
    this.hosts.set(name, host);
    this.changes.publish({ type: 'host', host });
    return host;
  }

  setTask(task: Task): void {
    this.tasks.set(task.id, task);
    this.changes.publish({ type: 'task', task });
  }

  setMove(move: Move): void {
    this.moves.set(move.id, move);
    this.changes.publish({ type: 'move', move });
  }

  note(
    severity: SiteEvent['severity'],
    kind: string,
    message: string,
    domain: string | null,
    host: string | null,
  ): void {
    const event = { timeMs: Date.now(), severity, kind, message, domain, host };
    this.events.push(event);
    if (this.events.length > KEPT_EVENTS) this.events.shift();
    this.eventFeed.publish(event);
  }

  /** One second: balloons move, every domain has new figures. */
  tick(): void {
    for (const domain of this.domains.values()) this.#moveBalloon(domain);
    if (this.captures.some(({ endedAtMs }) => endedAtMs === null)) this.#fillCaptures();
    this.statistics.publish({
      timeMs: Date.now(),
      hosts: [...this.hosts.values()].map((host) => ({
        name: host.name,
        cpuPercent: this.#load.hostPercent(host, this.domains.values()),
        freeKiB: host.freeKiB,
      })),
      domains: [...this.domains.values()]
        .filter((domain) => domain.domid !== null)
        .map((domain) => this.#load.sample(domain)),
    });
  }

  #fillCaptures(): void {
    this.captures = this.captures.map((one) =>
      one.endedAtMs === null ? { ...one, frames: one.frames + 87 } : one,
    );
    this.publishNetworking();
  }

  #moveBalloon(domain: Domain): void {
    const { actualKiB, targetKiB } = domain.memory;
    if (domain.state !== 'running' || actualKiB === targetKiB) return;
    const gap = targetKiB - actualKiB;
    const step = Math.sign(gap) * Math.min(Math.abs(gap), BALLOON_KIB_PER_SECOND);
    this.update(domain, { memory: { ...domain.memory, actualKiB: actualKiB + step } });
  }
}
