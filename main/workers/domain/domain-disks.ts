/** The block back ends of a domain, in its thread. */
import { DomusError } from '../../../shared/errors.ts';
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import type { VbdRings } from '../../dom0/index.ts';
import { DiskClient, DiskCounter, diskCounters, DiskStatus, VbdBackend } from '../../dom0/index.ts';
import type { BackendPort, Domain, GrantMapping } from '../../hypervisor/index.ts';
import { DomainCounter } from '../../hypervisor/index.ts';
import type { DiskSpec } from '../../toolstack/control/host.contract.ts';

const DOMAIN_0 = 0;
/** Requests under way end in this time, or the medium is as good as gone. */
const QUIESCE_MS = 30_000;
const LOOK_AGAIN_MS = 100;
const NOTHING = new Uint8Array(0);
/** Refused requests of one connection that are told one by one. */
const FAULTS_TOLD = 5;

/** What may be mended: the guest waits for it. */
const HELD: ReadonlySet<DiskStatus> = new Set([
  DiskStatus.noSpace,
  DiskStatus.failed,
  DiskStatus.unreachable,
]);

export interface DomainDisksListener {
  log(message: string): void;
  /** A request is held; told once until `retry`. */
  failed(disk: string, status: DiskStatus): void;
}

/** Requests that were taken and not answered, and the ring that they are of. */
export interface UnderWay {
  rings: VbdRings;
  /** Its entries, one after the other. */
  requests: Uint8Array;
}

interface Disk {
  spec: DiskSpec;
  client: DiskClient;
  backend: VbdBackend | null;
  /** Of its back end. */
  rings: VbdRings | null;
  isHeld: boolean;
  /** Called when nothing is under way. */
  onIdle: (() => void) | null;
}

export class DomainDisks {
  private readonly domain: Domain;
  private readonly listener: DomainDisksListener;
  private readonly disks = new Map<string, Disk>();
  private isHolding = false;
  /** By disk: what was under way where the domain was, until its front end is connected here. */
  private readonly underWayBefore = new Map<string, UnderWay>();

  constructor(domain: Domain, listener: DomainDisksListener) {
    this.domain = domain;
    this.listener = listener;
  }

  add(spec: DiskSpec): void {
    const client = new DiskClient(spec.ring);
    this.disks.set(spec.name, {
      spec: { ...spec },
      client,
      backend: null,
      rings: null,
      isHeld: false,
      onIdle: null,
    });
  }

  /** @throws DomusError `device.bad-front-end` when the guest has no such rings or port */
  connect(name: string, rings: VbdRings): void {
    const { ringRefs, port } = rings;
    const disk = this.named(name);
    if (disk.backend) throw badFrontEnd(name, 'it is connected already');
    const grants = this.mapRings(name, ringRefs);
    const bound = this.domain.events.connect(port, () => disk.backend?.asked());
    if (!bound) {
      for (const mapping of grants) this.domain.grants.unmap(mapping);
      throw badFrontEnd(name, `it has no port ${port} for domain 0`);
    }
    disk.backend = this.backend(disk, grants, bound);
    disk.rings = rings;
    disk.backend.resume(this.takeUnderWay(name, rings));
    disk.backend.service();
  }

  /** Settles when what was under way has ended. */
  async disconnect(name: string): Promise<void> {
    const disk = this.disks.get(name);
    if (!disk?.backend) return;
    disk.backend.giveUp();
    if (disk.backend.underWay > 0) {
      await new Promise<void>((resolve) => (disk.onIdle = resolve));
    }
    disk.backend?.close();
    disk.backend = null;
  }

  remove(name: string): void {
    this.disks.delete(name);
  }

  resize(name: string, bytes: number): void {
    this.named(name).spec.bytes = bytes;
  }

  retry(): void {
    for (const disk of this.disks.values()) {
      disk.isHeld = false;
      disk.backend?.retry();
    }
    this.service();
  }

  /** From now on what would change a disk waits. */
  hold(): void {
    this.isHolding = true;
    for (const backend of this.connected()) backend.hold();
  }

  /** By disk, the requests that are not answered: for {@link resume}. */
  mark(): Record<string, UnderWay> {
    const underWay = Object.fromEntries(this.underWayBefore);
    for (const [name, { backend, rings }] of this.disks) {
      if (backend && rings) underWay[name] = { rings, requests: backend.mark() };
    }
    return underWay;
  }

  /** What was asked for before the last mark may change its disk. */
  release(): void {
    for (const backend of this.connected()) backend.release();
  }

  /** Nothing waits any more. */
  letGo(): void {
    this.isHolding = false;
    for (const backend of this.connected()) backend.letGo();
  }

  /** Its guest has ended: what waits is not done. */
  drop(): void {
    for (const backend of this.connected()) backend.drop();
  }

  /** Of a successor, before its guest's first instruction: these requests are made again. */
  resume(underWay: Readonly<Record<string, UnderWay>>): void {
    for (const [name, requests] of Object.entries(underWay)) {
      this.underWayBefore.set(name, requests);
    }
  }

  /** Requests are under way. */
  get areBusy(): boolean {
    for (const { client } of this.disks.values()) if (client.inFlight > 0) return true;
    return false;
  }

  /** After a ring of the doorbell. */
  service(): void {
    for (const disk of this.disks.values()) {
      disk.backend?.service();
      if (!disk.onIdle || (disk.backend?.underWay ?? 0) > 0) continue;
      disk.onIdle();
      disk.onIdle = null;
    }
  }

  /**
   * Of a stopped domain: settles what is under way, so that its rings can be taken up elsewhere.
   *
   * @throws DomusError `domain.disk-held` when a disk does not end its requests
   */
  quiesce(doorbell: Doorbell): void {
    const deadline = performance.now() + QUIESCE_MS;
    for (const { spec, backend, client } of this.disks.values()) {
      while (backend && backend.underWay > 0) {
        const seen = doorbell.count;
        client.poll();
        backend.service();
        if (backend.underWay === 0) break;
        if (performance.now() > deadline || this.disks.get(spec.name)?.isHeld) {
          throw new DomusError(
            'domain.disk-held',
            `the disk ${spec.name} does not end what it was asked for: mend what lies beneath it, and resume the domain first`,
            { data: { disk: spec.name } },
          );
        }
        doorbell.wait(seen, LOOK_AGAIN_MS);
      }
    }
  }

  /** Of another ring than the one they were made in there is nobody to answer to. */
  private takeUnderWay(name: string, { ringRefs, port }: VbdRings): Uint8Array {
    const before = this.underWayBefore.get(name);
    this.underWayBefore.delete(name);
    const isSame = before?.rings.port === port && before.rings.ringRefs.join() === ringRefs.join();
    return isSame ? before.requests : NOTHING;
  }

  private *connected(): Generator<VbdBackend> {
    for (const { backend } of this.disks.values()) if (backend) yield backend;
  }

  private backend(disk: Disk, grants: GrantMapping[], port: BackendPort): VbdBackend {
    const { domain, listener } = this;
    const { spec } = disk;
    const counters = diskCounters(spec.ring);
    let faults = 0;
    return new VbdBackend(
      {
        memory: domain.memory,
        grants: domain.grants,
        backendDomid: DOMAIN_0,
        disk: disk.client,
        sectors: () => spec.bytes / 512,
        readOnly: spec.readOnly,
        count: (operation, bytes) => count(counters, operation, bytes),
        onFault: (what) => {
          domain.counters.values[DomainCounter.guestFaults]! += 1;
          if (++faults > FAULTS_TOLD) return;
          const last = faults === FAULTS_TOLD ? '; further ones are only counted' : '';
          listener.log(`the guest asked its disk ${spec.name} for ${what}${last}`);
        },
        onFailure: (status) => this.failed(disk, status),
        onBroken: (what) => {
          domain.counters.values[DomainCounter.guestFaults]! += 1;
          listener.log(`the guest broke the ring of its disk ${spec.name}: ${what}`);
        },
        holdsChanges: this.isHolding,
      },
      grants,
      port,
    );
  }

  /** A disk that is closed fails what is under way: that is no failure of what lies beneath. */
  private failed(disk: Disk, status: DiskStatus): 'hold' | 'report' {
    const { name, onError } = disk.spec;
    const isMedium = HELD.has(status) || (status === DiskStatus.gone && onError === 'crash');
    if (!isMedium || onError === 'report') return 'report';
    if (!disk.isHeld) this.listener.failed(name, status);
    disk.isHeld = true;
    return 'hold';
  }

  private mapRings(name: string, refs: readonly number[]): GrantMapping[] {
    const mapped: GrantMapping[] = [];
    for (const ref of refs) {
      const mapping = this.domain.grants.map(ref, DOMAIN_0, true);
      if (typeof mapping === 'number') {
        for (const each of mapped) this.domain.grants.unmap(each);
        throw badFrontEnd(name, `it does not grant the page ${ref} of its ring`);
      }
      mapped.push(mapping);
    }
    return mapped;
  }

  private named(name: string): Disk {
    const disk = this.disks.get(name);
    if (disk) return disk;
    throw new DomusError('disk.not-attached', `the domain has no disk ${name}`);
  }
}

function count(
  counters: Float64Array,
  operation: 'read' | 'write' | 'flush' | 'discard',
  bytes: number,
): void {
  if (operation === 'read') {
    counters[DiskCounter.reads]! += 1;
    counters[DiskCounter.bytesRead]! += bytes;
  } else if (operation === 'write') {
    counters[DiskCounter.writes]! += 1;
    counters[DiskCounter.bytesWritten]! += bytes;
  }
}

function badFrontEnd(name: string, what: string): DomusError {
  return new DomusError('device.bad-front-end', `the guest's driver of disk ${name}: ${what}`);
}
