/**
 * The back end of one virtual block device: between its shared ring and a disk's queue. It touches
 * guest memory only through grants that it has mapped, and unmaps each before the guest hears that
 * the request is done.
 */
import type { BackendPort, GrantFrames, GrantMapping, GuestMemory } from '../../hypervisor/index.ts';
import {
  BLKIF_RING_ENTRY_BYTES,
  BLKIF_SECTOR_BYTES,
  BlkifOp,
  BlkifResponse,
  BlkifStatus,
  PAGE_SIZE,
} from '../../hypervisor/index.ts';
import { BackRing, RingBroken } from '../rings/back-ring.ts';
import { BlockRequest } from './block-request.ts';
import type { DiskQueue, DiskStatus } from './disk-queue.ts';

export interface VbdBackendOptions {
  memory: GuestMemory;
  grants: GrantFrames;
  /** Domain that grants are made to. */
  backendDomid: number;
  queue: DiskQueue;
  /** 512-byte sectors; may grow. */
  sectors: () => number;
  readOnly: boolean;
  /** Counts what was done. */
  count(operation: 'read' | 'write' | 'flush' | 'discard', bytes: number): void;
  /** The front end asked for what cannot be; the request was refused. */
  onFault(what: string): void;
  /** Its ring is broken: it is served no more. Told once. */
  onBroken(what: string): void;
}

const statuses: Record<DiskStatus, BlkifStatus> = {
  okay: BlkifStatus.okay,
  failed: BlkifStatus.error,
  unsupported: BlkifStatus.eopnotsupp,
};

export class VbdBackend {
  private readonly options: VbdBackendOptions;
  private readonly ringGrants: readonly GrantMapping[];
  private readonly ring: BackRing;
  private readonly port: BackendPort;
  private readonly spare: Flight[] = [];
  private readonly response = new Uint8Array(BlkifResponse.size);
  private readonly responseView = new DataView(this.response.buffer);
  private broken = false;
  /** The queue took no more: requests wait in the ring. */
  private isHeldUp = false;

  /** @param ringGrants mapped for writing; this back end unmaps them when it closes */
  constructor(options: VbdBackendOptions, ringGrants: readonly GrantMapping[], port: BackendPort) {
    this.options = options;
    this.ringGrants = ringGrants;
    this.port = port;
    const gfns = ringGrants.map(({ gfn }) => gfn);
    this.ring = new BackRing(options.memory, gfns, BLKIF_RING_ENTRY_BYTES);
  }

  /** Takes what has completed and what is asked for. */
  service(): void {
    if (this.broken) return;
    this.options.queue.poll();
    try {
      do this.takeRequests();
      while (!this.isHeldUp && this.ring.sleep());
    } catch (error) {
      if (!(error instanceof RingBroken)) throw error;
      this.broken = true;
      this.options.onBroken(error.message);
    }
    this.tell();
  }

  /** Requests taken and not answered. */
  get underWay(): number {
    return this.ring.underWay;
  }

  /** Nothing may be under way. */
  close(): void {
    this.broken = true;
    this.port.close();
    for (const mapping of this.ringGrants) this.options.grants.unmap(mapping);
  }

  private takeRequests(): void {
    this.isHeldUp = false;
    for (let waiting = this.ring.waiting; waiting > 0; waiting--) {
      const flight = this.spare.pop() ?? new Flight();
      this.ring.peek(flight.request.entry);
      const taken = this.begin(flight);
      if (taken) this.ring.take();
      if (taken !== 'under way') this.spare.push(flight);
      if (!taken) {
        this.isHeldUp = true;
        return;
      }
    }
  }

  /** False when the queue is full: the request stays in the ring. */
  private begin(flight: Flight): 'under way' | 'answered' | false {
    const { request } = flight;
    const fault = request.parse() ?? this.readIndirect(request) ?? this.outside(request);
    if (fault) return this.refuse(request, BlkifStatus.error, fault);
    switch (request.operation) {
      case BlkifOp.read:
      case BlkifOp.write:
        return this.transfer(flight);
      case BlkifOp.flushDiskcache:
        return this.submit(flight, (done) => this.options.queue.flush(done), 'flush');
      case BlkifOp.discard: {
        const [offset, length] = this.range(request);
        const { queue } = this.options;
        return this.submit(flight, (done) => queue.discard(offset, length, done), 'discard');
      }
      default:
        return this.refuse(request, BlkifStatus.eopnotsupp, null);
    }
  }

  private transfer(flight: Flight): 'under way' | 'answered' | false {
    const { request } = flight;
    const { queue } = this.options;
    const isRead = request.operation === BlkifOp.read;
    const fault = this.map(flight, isRead);
    if (fault) return this.refuse(request, BlkifStatus.error, fault);
    const [offset, length] = this.range(request);
    const taken = isRead
      ? this.submit(
          flight,
          (done) => queue.read(offset, length, (data) => this.toGuest(flight, data), done),
          'read',
        )
      : this.submit(
          flight,
          (done) => queue.write(offset, length, (data) => this.fromGuest(flight, data), done),
          'write',
        );
    if (!taken) this.unmap(flight);
    return taken;
  }

  private submit(
    flight: Flight,
    ask: (done: (status: DiskStatus) => void) => boolean,
    kind: 'read' | 'write' | 'flush' | 'discard',
  ): 'under way' | false {
    const bytes = kind === 'flush' ? 0 : flight.request.sectors * BLKIF_SECTOR_BYTES;
    const accepted = ask((status) => {
      this.unmap(flight);
      if (status === 'okay') this.options.count(kind, bytes);
      this.answer(flight.request, statuses[status]);
      this.spare.push(flight);
    });
    return accepted ? 'under way' : false;
  }

  private refuse(request: BlockRequest, status: BlkifStatus, fault: string | null): 'answered' {
    if (fault !== null) this.options.onFault(fault);
    this.ring.take();
    this.answer(request, status);
    // It was taken already.
    return 'answered';
  }

  private range({ firstSector, sectors }: BlockRequest): [offset: number, length: number] {
    return [firstSector * BLKIF_SECTOR_BYTES, sectors * BLKIF_SECTOR_BYTES];
  }

  private outside(request: BlockRequest): string | null {
    const { operation, firstSector, sectors } = request;
    if (operation === BlkifOp.flushDiskcache) return null;
    if (operation !== BlkifOp.read && this.options.readOnly) return 'a write to a read-only disk';
    return firstSector + sectors > this.options.sectors() ? 'sectors beyond the end' : null;
  }

  private readIndirect(request: BlockRequest): string | null {
    const { grants, backendDomid, memory } = this.options;
    for (let page = 0; page < request.indirectPages; page++) {
      const mapping = grants.map(request.indirectRef(page), backendDomid, false);
      if (typeof mapping === 'number') return 'an indirect page that it does not grant';
      const fault = request.parseIndirectPage(page, memory.view, mapping.gfn * PAGE_SIZE);
      grants.unmap(mapping);
      if (fault) return fault;
    }
    return null;
  }

  private map(flight: Flight, writable: boolean): string | null {
    const { grants, backendDomid } = this.options;
    const { request, mappings } = flight;
    for (let index = 0; index < request.segments; index++) {
      const mapping = grants.map(request.refs[index]!, backendDomid, writable);
      if (typeof mapping === 'number') {
        this.unmap(flight);
        return 'a page that it does not grant';
      }
      mappings.push(mapping);
    }
    return null;
  }

  private unmap({ mappings }: Flight): void {
    for (const mapping of mappings) this.options.grants.unmap(mapping);
    mappings.length = 0;
  }

  private toGuest({ request, mappings }: Flight, data: Uint8Array): void {
    for (let index = 0, at = 0; index < mappings.length; index++) {
      const [offset, bytes] = piece(request, index);
      const address = mappings[index]!.gfn * PAGE_SIZE + offset;
      this.options.memory.write(address, data.subarray(at, at + bytes));
      at += bytes;
    }
  }

  private fromGuest({ request, mappings }: Flight, data: Uint8Array): void {
    const { bytes: ram } = this.options.memory;
    for (let index = 0, at = 0; index < mappings.length; index++) {
      const [offset, bytes] = piece(request, index);
      const address = mappings[index]!.gfn * PAGE_SIZE + offset;
      data.set(ram.subarray(address, address + bytes), at);
      at += bytes;
    }
  }

  private answer(request: BlockRequest, status: BlkifStatus): void {
    const { id, operation, status: statusAt } = BlkifResponse.offset;
    this.responseView.setUint32(id, request.idLow, true);
    this.responseView.setUint32(id + 4, request.idHigh, true);
    this.response[operation] = request.answeredOperation;
    this.responseView.setInt16(statusAt, status, true);
    this.ring.put(this.response);
  }

  private tell(): void {
    if (this.ring.publish()) this.port.notify();
  }
}

/** A request on its way, with what is mapped for it. */
class Flight {
  readonly request = new BlockRequest();
  readonly mappings: GrantMapping[] = [];
}

/** Where in its page a segment's data lies, and how much it is: bytes. */
function piece({ first, last }: BlockRequest, index: number): [offset: number, bytes: number] {
  const start = first[index]!;
  return [start * BLKIF_SECTOR_BYTES, (last[index]! - start + 1) * BLKIF_SECTOR_BYTES];
}
