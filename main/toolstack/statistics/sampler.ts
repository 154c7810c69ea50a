/**
 * One sample a second of everything that runs, while somebody looks. It reads counters in shared
 * memory: no worker is asked, so looking costs the guests nothing.
 */
import type { DomainSample, HostSample, StatisticsSample } from '../../../shared/contract/index.ts';
import type { DomainRegistry } from '../domains/domain-registry.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { HostRegistry } from '../hosts/host-registry.ts';
import type { SiteHost } from '../hosts/site-host.ts';
import { Topic } from '../streams/topic.ts';
import { domain0Memory } from '../domains/domain0.ts';
import { DiskRates } from './disk-rates.ts';
import { InterfaceRates } from './interface-rates.ts';
import { cpuPercent, perSecond, readCounters, Readings } from './rates.ts';
import type { Reading } from './rates.ts';

const EVERY_MS = 1000;
/** Long enough for rates; whoever asks once (`domus list`) does not wait a second for it. */
const FIRST_MS = 100;

export class Sampler {
  private readonly hosts: HostRegistry;
  private readonly domains: DomainRegistry;
  private readonly topic: Topic<StatisticsSample>;
  private timer: NodeJS.Timeout | null = null;
  private latest: StatisticsSample | null = null;
  private readonly readings = new Readings<Reading>();
  private readonly diskRates = new DiskRates();
  private readonly interfaceRates = new InterfaceRates();

  constructor(hosts: HostRegistry, domains: DomainRegistry) {
    this.hosts = hosts;
    this.domains = domains;
    // A slow reader gets the latest second, not all of those that it missed.
    this.topic = new Topic<StatisticsSample>({ limit: 1 }, (readers) => this.run(readers > 0));
  }

  watch(signal: AbortSignal | undefined): AsyncGenerator<StatisticsSample, void, void> {
    return this.topic.read(signal, this.latest ? [this.latest] : []);
  }

  close(): void {
    this.topic.close();
    this.run(false);
  }

  private run(wanted: boolean): void {
    if (wanted === (this.timer !== null)) return;
    if (this.timer) {
      clearTimeout(this.timer);
      this.timer = null;
      this.latest = null;
      return;
    }
    this.readings.forget();
    this.diskRates.forget();
    this.interfaceRates.forget();
    this.take();
    this.timer = setTimeout(() => this.tell(), FIRST_MS);
  }

  private tell(): void {
    this.timer = setTimeout(() => this.tell(), EVERY_MS);
    this.latest = this.take();
    this.topic.publish(this.latest);
  }

  private take(): StatisticsSample {
    const atMs = performance.now();
    const guests = this.domains
      .all()
      .filter(({ running }) => running !== null)
      .map((domain) => this.sampleDomain(domain, atMs));
    const zeros = this.hosts.all().map((host) => this.sampleDomain0(host, atMs));
    const hosts = this.hosts
      .all()
      .map((host, index) => this.sampleHost(host, zeros[index]!, guests));
    this.readings.turn();
    this.diskRates.turn();
    this.interfaceRates.turn();
    return { timeMs: Date.now(), hosts, domains: [...zeros, ...guests] };
  }

  private sampleDomain(domain: ManagedDomain, atMs: number): DomainSample {
    const reading = readCounters(domain.worker.counters, atMs);
    const { domid, disks, spec } = domain.worker;
    const life = `${domain.uuid} ${domid}`;
    const sample = this.sample(domain.uuid, life, reading, { memory: domain.view.memory });
    return {
      ...sample,
      disks: this.diskRates.sample(life, disks.specs, atMs),
      interfaces: this.interfaceRates.sample(life, spec.interfaces, atMs),
    };
  }

  private sampleDomain0(host: SiteHost, atMs: number): DomainSample {
    const cpuTimeMs = host.isUp ? host.link.frames.domain0CpuTimeMs : 0;
    const reading: Reading = { atMs, cpuTimeMs, hypercalls: 0, events: 0 };
    const uuid = host.definition.domain0Uuid;
    return this.sample(uuid, uuid, reading, { memory: domain0Memory(host) });
  }

  /** `life` names the counters: a domain that starts anew has new ones. */
  private sample(
    uuid: string,
    life: string,
    reading: Reading,
    { memory }: Pick<DomainSample, 'memory'>,
  ): DomainSample {
    const before = this.readings.put(life, reading);
    return {
      uuid,
      cpuPercent: cpuPercent(before, reading),
      cpuTimeMs: reading.cpuTimeMs,
      memory,
      hypercallsPerSecond: perSecond(before, reading, ({ hypercalls }) => hypercalls),
      eventsPerSecond: perSecond(before, reading, ({ events }) => events),
      disks: [],
      interfaces: [],
    };
  }

  private sampleHost(
    host: SiteHost,
    domain0: DomainSample,
    guests: readonly DomainSample[],
  ): HostSample {
    const here = guests.filter(({ uuid }) => this.domains.byUuid(uuid)?.running?.host === host);
    const total = here.reduce((sum, guest) => sum + guest.cpuPercent, domain0.cpuPercent);
    return {
      name: host.name,
      cpuPercent: total / host.definition.pcpus,
      freeKiB: host.freeKiB,
    };
  }
}
