/**
 * The back end of one virtual block device: between its shared ring and a disk's queue. It touches
 * guest memory only through grants that it has mapped, and unmaps each before the guest hears that
 * the request is done.
 */
import type {
  BackendPort,
  GrantFrames,
  GrantMapping,
  GuestMemory,
} from '../../hypervisor/index.ts';
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
import type { DiskBuffer, DiskClient } from './ring/disk-client.ts';
import { DiskStatus } from './ring/disk-ring.abi.ts';

export interface VbdBackendOptions {
  memory: GuestMemory;
  grants: GrantFrames;
  /** Domain that grants are made to. */
  backendDomid: number;
  disk: DiskClient;
  /** 512-byte sectors; may grow. */
  sectors: () => number;
  readOnly: boolean;
  /** Counts what was done. */
  count(operation: 'read' | 'write' | 'flush' | 'discard', bytes: number): void;
  /** The front end asked for what cannot be; the request was refused. */
  onFault(what: string): void;
  /**
   * What lies beneath the disk failed. `hold`: the request waits for `retry`; `report`: the guest is
   * told.
   */
  onFailure(status: DiskStatus): 'hold' | 'report';
  /** Its ring is broken: it is served no more. Told once. */
  onBroken(what: string): void;
}

export class VbdBackend {
  private readonly options: VbdBackendOptions;
  private readonly ringGrants: readonly GrantMapping[];
  private readonly ring: BackRing;
  private readonly port: BackendPort;
  private readonly spare: Flight[] = [];
  /** Failed for what may be mended. */
  private held: Flight[] = [];
  private readonly response = new Uint8Array(BlkifResponse.size);
  private readonly responseView = new DataView(this.response.buffer);
  private broken = false;
  /** The disk takes no more now: requests wait in the ring. */
  private isFull = false;

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
    this.options.disk.poll();
    if (this.broken) return;
    try {
      do this.takeRequests();
      while (!this.isFull && this.ring.sleep());
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

  /** Requests that failed for what has been mended are made again. */
  retry(): void {
    const { held } = this;
    this.held = [];
    for (const flight of held) if (!this.start(flight)) this.held.push(flight);
  }

  /** What waits to be made again is answered as failed: the device is given up. */
  giveUp(): void {
    for (const flight of this.held) {
      this.unmap(flight);
      this.answer(flight.request, BlkifStatus.error);
    }
    this.held = [];
  }

  private takeRequests(): void {
    this.isFull = false;
    for (let waiting = this.ring.waiting; waiting > 0; waiting--) {
      const flight = this.spare.pop() ?? new Flight();
      const { request } = flight;
      this.ring.peek(request.entry);
      const fault = request.parse() ?? this.readIndirect(request) ?? this.outside(request);
      const refusal = fault ?? this.map(flight);
      if (refusal === null && !this.start(flight)) {
        this.unmap(flight);
        this.spare.push(flight);
        this.isFull = true;
        return;
      }
      this.ring.take();
      if (refusal === null) continue;
      this.spare.push(flight);
      this.options.onFault(refusal);
      const isUnknown = refusal === 'unknown-operation';
      this.answer(request, isUnknown ? BlkifStatus.eopnotsupp : BlkifStatus.error);
    }
  }

  /** Hands the request to the disk; false when that is full. */
  private start(flight: Flight): boolean {
    const { request } = flight;
    const { disk } = this.options;
    const offset = request.firstSector * BLKIF_SECTOR_BYTES;
    const length = request.sectors * BLKIF_SECTOR_BYTES;
    switch (request.operation) {
      case BlkifOp.read: {
        const buffer = disk.reserve(length);
        return this.given(
          buffer,
          buffer !== null &&
            disk.read(offset, buffer, (status) => {
              if (status === DiskStatus.ok) this.toGuest(flight, buffer.bytes);
              this.finish(flight, status, 'read', length);
            }),
        );
      }
      case BlkifOp.write: {
        const buffer = disk.reserve(length);
        if (buffer) this.fromGuest(flight, buffer.bytes);
        return this.given(
          buffer,
          buffer !== null &&
            disk.write(offset, buffer, (status) => this.finish(flight, status, 'write', length)),
        );
      }
      case BlkifOp.discard:
        return disk.discard(offset, length, (status) =>
          this.finish(flight, status, 'discard', length),
        );
      case BlkifOp.flushDiskcache:
        return disk.flush((status) => this.finish(flight, status, 'flush', 0));
      default:
        throw new Error(`operation ${request.operation} was let through`);
    }
  }

  /** A buffer that no request took is free again. */
  private given(buffer: DiskBuffer | null, taken: boolean): boolean {
    if (buffer && !taken) this.options.disk.release(buffer);
    return taken;
  }

  private finish(
    flight: Flight,
    status: DiskStatus,
    operation: 'read' | 'write' | 'flush' | 'discard',
    bytes: number,
  ): void {
    const isOkay = status === DiskStatus.ok;
    if (!isOkay && this.options.onFailure(status) === 'hold') return void this.held.push(flight);
    this.unmap(flight);
    if (isOkay) this.options.count(operation, bytes);
    this.answer(flight.request, isOkay ? BlkifStatus.okay : BlkifStatus.error);
    this.spare.push(flight);
  }

  private outside({ operation, firstSector, sectors }: BlockRequest): string | null {
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

  /** What is read is written into the guest's pages. */
  private map(flight: Flight): string | null {
    const { grants, backendDomid } = this.options;
    const { request, mappings } = flight;
    const writable = request.operation === BlkifOp.read;
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
