/**
 * Figures that change every second, kept out of React and of the query cache: who shows a figure
 * subscribes to that one domain, so a second of 200 domains redraws only what is on the screen.
 */
import type { DomainSample, HostSample, StatisticsSample } from '../../shared/contract/index.ts';
import { DeviceHistories, type DeviceHistory } from './device-histories.ts';
import { History, HISTORY_LENGTH } from './history.ts';

const DOMAIN_COLUMNS = [
  'cpuPercent',
  'actualKiB',
  'targetKiB',
  'hypercalls',
  'events',
  'diskRead',
  'diskWritten',
  'received',
  'sent',
] as const;
const HOST_COLUMNS = ['cpuPercent', 'freeKiB'] as const;

export type DomainHistory = History<(typeof DOMAIN_COLUMNS)[number]>;
export type HostHistory = History<(typeof HOST_COLUMNS)[number]>;

export interface Series<Sample, Past> {
  readonly latest: Sample | null;
  readonly history: Past;
}

export class Statistics {
  /** Of the newest sample, by the site's clock; 0 before the first. */
  timeMs = 0;
  private readonly listeners = new Set<() => void>();
  private readonly domains = new SeriesMap<DomainSample, DomainHistory>(
    () => new History(DOMAIN_COLUMNS),
  );
  private readonly hosts = new SeriesMap<HostSample, HostHistory>(() => new History(HOST_COLUMNS));
  private readonly devices = new DeviceHistories();

  add(sample: StatisticsSample): void {
    this.timeMs = sample.timeMs;
    for (const domain of sample.domains) {
      this.domains.add(domain.uuid, domain).add(sample.timeMs, {
        cpuPercent: domain.cpuPercent,
        actualKiB: domain.memory.actualKiB,
        targetKiB: domain.memory.targetKiB,
        hypercalls: domain.hypercallsPerSecond,
        events: domain.eventsPerSecond,
        ...totals(domain),
      });
      this.devices.add(sample.timeMs, domain);
    }
    for (const host of sample.hosts) {
      this.hosts.add(host.name, host).add(sample.timeMs, {
        cpuPercent: host.cpuPercent,
        freeKiB: host.freeKiB,
      });
    }
    this.domains.endSample();
    this.devices.endSample(sample.timeMs);
    this.hosts.endSample();
    for (const listener of this.listeners) listener();
  }

  /** Told once a sample, after everyone who waits for a part of it. @returns its own undo. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  domain(uuid: string): Series<DomainSample, DomainHistory> {
    return this.domains.get(uuid);
  }

  /** The last minute of a disk (by name) or an interface (by handle). */
  device(uuid: string, device: string | number): DeviceHistory {
    return this.devices.get(uuid, device);
  }

  host(name: string): Series<HostSample, HostHistory> {
    return this.hosts.get(name);
  }

  readonly subscribeDomain = (uuid: string, listener: () => void): (() => void) =>
    this.domains.subscribe(uuid, listener);

  readonly subscribeHost = (name: string, listener: () => void): (() => void) =>
    this.hosts.subscribe(name, listener);
}

/** Over all disks and all interfaces, in bytes a second. */
function totals(sample: DomainSample) {
  const sums = { diskRead: 0, diskWritten: 0, received: 0, sent: 0 };
  for (const disk of sample.disks) {
    sums.diskRead += disk.readBytesPerSecond;
    sums.diskWritten += disk.writtenBytesPerSecond;
  }
  for (const one of sample.interfaces) {
    sums.received += one.receivedBytesPerSecond;
    sums.sent += one.sentBytesPerSecond;
  }
  return sums;
}

interface Entry<Sample, Past> {
  latest: Sample | null;
  readonly history: Past;
  readonly listeners: Set<() => void>;
  /** How many samples in a row said nothing of it. */
  missed: number;
}

/** Series by name; a name that a sample leaves out has no latest value any more. */
class SeriesMap<Sample, Past> {
  private readonly entries = new Map<string, Entry<Sample, Past>>();
  private readonly makeHistory: () => Past;

  constructor(makeHistory: () => Past) {
    this.makeHistory = makeHistory;
  }

  add(name: string, sample: Sample): Past {
    const entry = this.get(name);
    entry.latest = sample;
    entry.missed = -1;
    return entry.history;
  }

  /** Tells listeners, also of those that had a value and have none now. */
  endSample(): void {
    for (const [name, entry] of this.entries) {
      entry.missed++;
      if (entry.missed > 0) entry.latest = null;
      // Nobody asks for it and all that was known of it is past: it was deleted, most likely.
      if (entry.missed > HISTORY_LENGTH && entry.listeners.size === 0) this.entries.delete(name);
      for (const listener of entry.listeners) listener();
    }
  }

  get(name: string): Entry<Sample, Past> {
    let entry = this.entries.get(name);
    if (entry === undefined) {
      entry = {
        latest: null,
        history: this.makeHistory(),
        listeners: new Set(),
        missed: 0,
      };
      this.entries.set(name, entry);
    }
    return entry;
  }

  subscribe(name: string, listener: () => void): () => void {
    const { listeners } = this.get(name);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }
}
