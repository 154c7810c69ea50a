/** The last minute of every disk and interface, for the small curves beside their rates. */
import type { DomainSample } from '../../shared/contract/index.ts';
import { History } from './history.ts';

/** Rows, one a second. */
const KEPT = 64;
const KEPT_MS = KEPT * 1000;
const COLUMNS = ['into', 'outOf'] as const;

/** Bytes a second into the guest (read, received) and out of it (written, sent). */
export type DeviceHistory = History<(typeof COLUMNS)[number]>;

interface DomainDevices {
  lastMs: number;
  /** Disks by name, interfaces by handle. */
  readonly devices: Map<string | number, DeviceHistory>;
}

export class DeviceHistories {
  private readonly domains = new Map<string, DomainDevices>();
  private sweptMs = 0;

  add(timeMs: number, { uuid, disks, interfaces }: DomainSample): void {
    for (const disk of disks) {
      this.get(uuid, disk.name).add(timeMs, {
        into: disk.readBytesPerSecond,
        outOf: disk.writtenBytesPerSecond,
      });
    }
    for (const one of interfaces) {
      this.get(uuid, one.handle).add(timeMs, {
        into: one.receivedBytesPerSecond,
        outOf: one.sentBytesPerSecond,
      });
    }
    const known = this.domains.get(uuid);
    if (known !== undefined) known.lastMs = timeMs;
  }

  /** Once a minute, domains that a whole minute said nothing of are forgotten. */
  endSample(timeMs: number): void {
    if (timeMs - this.sweptMs < KEPT_MS) return;
    this.sweptMs = timeMs;
    for (const [uuid, { lastMs }] of this.domains) {
      if (timeMs - lastMs > KEPT_MS) this.domains.delete(uuid);
    }
  }

  get(uuid: string, device: string | number): DeviceHistory {
    let domain = this.domains.get(uuid);
    if (domain === undefined) {
      this.domains.set(uuid, (domain = { lastMs: 0, devices: new Map() }));
    }
    let history = domain.devices.get(device);
    if (history === undefined) {
      domain.devices.set(device, (history = new History(COLUMNS, KEPT)));
    }
    return history;
  }
}
