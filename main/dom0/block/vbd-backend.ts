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
} from '../../hypervisor/index.ts';
import { BackRing, RingBroken } from '../rings/back-ring.ts';
import { PollWindow } from '../rings/poll-window.ts';
import type { BlockRequest } from './block-request.ts';
import { Flight } from './flight.ts';
import { HeldChanges } from './held-changes.ts';
import type { DiskBuffer, DiskClient } from './ring/disk-client.ts';
import { DiskStatus } from './ring/disk-ring.abi.ts';

/** A guest that goes to sleep and is woken needs five times so long. */
const ANSWER_MS = 0.02;
/** A request with more is not answered in that time. */
const PROMPT_BYTES = 64 * 1024;

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
  /** As after {@link VbdBackend.hold}. */
  holdsChanges?: boolean;
}

export class VbdBackend {
  private readonly options: VbdBackendOptions;
  private readonly ringGrants: readonly GrantMapping[];
  private readonly ring: BackRing;
  private readonly port: BackendPort;
  private readonly spare: Flight[] = [];
  /** For what may be mended. */
  private readonly failed: Flight[] = [];
  private readonly response = new Uint8Array(BlkifResponse.size);
  private readonly responseView = new DataView(this.response.buffer);
  /** How many times what failed was tried again. */
  private attempt = 0;
  private broken = false;
  /** The disk takes no more now: requests wait in the ring. */
  private isFull = false;
  /** Requests taken and not answered. */
  private readonly flights = new Set<Flight>();
  private readonly changes: HeldChanges<Flight>;
  /** To be handed to the disk when it has room. */
  private readonly due: Flight[] = [];
  /** The last request that the disk was handed is small enough to be answered at once. */
  private isPrompt = false;
  private readonly soon = new PollWindow(ANSWER_MS);
  private readonly isAnswered: () => boolean;

  /** @param ringGrants mapped for writing; this back end unmaps them when it closes */
  constructor(options: VbdBackendOptions, ringGrants: readonly GrantMapping[], port: BackendPort) {
    this.options = options;
    this.changes = new HeldChanges(options.holdsChanges ?? false);
    this.isAnswered = () => options.disk.hasCompletion;
    this.ringGrants = ringGrants;
    this.port = port;
    const gfns = ringGrants.map(({ gfn }) => gfn);
    this.ring = new BackRing(options.memory, gfns, BLKIF_RING_ENTRY_BYTES);
  }

  /**
   * As `service`, when the front end has said that it asks. Who asks for one small thing waits for it,
   * and would go to sleep: an answer that comes in a moment is given first.
   */
  asked(): void {
    this.service();
    const isAwaited = this.isPrompt && this.options.disk.inFlight === 1;
    if (isAwaited && this.soon.look(this.isAnswered)) this.service();
  }

  /** Takes what has completed and what is asked for. */
  service(): void {
    this.options.disk.poll();
    // Also of a ring that is broken: what was taken from it ends.
    this.startDue();
    if (this.broken) return;
    this.guarded(() => {
      do this.takeRequests();
      while (!this.isFull && this.ring.sleep());
    });
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

  /** Requests that failed for what has been mended are made again, and those whose failure comes yet. */
  retry(): void {
    this.attempt++;
    this.start(this.failed.splice(0));
  }

  /** What waits to be made again is answered as failed: the device is given up. */
  giveUp(): void {
    for (const flight of this.failed.splice(0)) this.end(flight, BlkifStatus.error);
  }

  /** From now on what would change the disk is taken, and not handed to it. */
  hold(): void {
    this.changes.hold();
  }

  /**
   * All that was asked for until now belongs together. Answers with the requests that are not answered
   * yet, one after the other as they stood in the ring: for {@link resume}.
   */
  mark(): Uint8Array {
    this.changes.mark();
    const entries = new Uint8Array(this.flights.size * BLKIF_RING_ENTRY_BYTES);
    let at = 0;
    for (const { request } of this.flights) {
      entries.set(request.entry, at);
      at += BLKIF_RING_ENTRY_BYTES;
    }
    return entries;
  }

  /** What was asked for before the last mark may change the disk. */
  release(): void {
    this.start(this.changes.release());
  }

  /** Nothing is held any more. */
  letGo(): void {
    this.start(this.changes.letGo());
  }

  /** What is held will never be done, nor answered: its guest has ended. */
  drop(): void {
    this.changes.letGo();
  }

  /**
   * Before the first `service`: requests that another back end of this ring had taken and not answered
   * are made again. They are checked as if the guest had made them now.
   *
   * @param entries as `mark` gave them, from wherever
   */
  resume(entries: Uint8Array): void {
    const count = Math.floor(entries.length / BLKIF_RING_ENTRY_BYTES);
    this.guarded(() => this.ring.resume(count));
    if (this.broken) return;
    for (let at = 0; at < count * BLKIF_RING_ENTRY_BYTES; at += BLKIF_RING_ENTRY_BYTES) {
      const flight = this.flight();
      flight.request.entry.set(entries.subarray(at, at + BLKIF_RING_ENTRY_BYTES));
      const refusal = this.prepare(flight);
      if (refusal !== null) {
        this.refuse(flight, refusal);
      } else {
        this.flights.add(flight);
        this.due.push(flight);
      }
    }
  }

  private takeRequests(): void {
    // Who waits for room has it first.
    this.isFull = this.due.length > 0;
    for (let waiting = this.ring.waiting; waiting > 0 && !this.isFull; waiting--) {
      const flight = this.spare.pop() ?? this.flight();
      this.ring.peek(flight.request.entry);
      const refusal = this.prepare(flight);
      if (refusal === null && !this.begin(flight)) {
        flight.unmap();
        this.spare.push(flight);
        this.isFull = true;
        return;
      }
      this.ring.take();
      if (refusal === null) this.flights.add(flight);
      else this.refuse(flight, refusal);
    }
  }

  /** What is wrong with what its entry says, or null: then its pages are mapped. */
  private prepare(flight: Flight): string | null {
    return flight.read() ?? this.outside(flight.request) ?? flight.map();
  }

  private flight(): Flight {
    const { memory, grants, backendDomid } = this.options;
    return new Flight(memory, grants, backendDomid);
  }

  private refuse(flight: Flight, refusal: string): void {
    this.options.onFault(refusal);
    const isUnknown = refusal === 'unknown-operation';
    this.answer(flight.request, isUnknown ? BlkifStatus.eopnotsupp : BlkifStatus.error);
    this.spare.push(flight);
  }

  /** False when the disk is full. */
  private begin(flight: Flight): boolean {
    const { operation } = flight.request;
    const isChange = operation === BlkifOp.write || operation === BlkifOp.discard;
    return (isChange && this.changes.take(flight)) || this.hand(flight);
  }

  /** As soon as the disk has room. */
  private start(flights: readonly Flight[]): void {
    this.due.push(...flights);
    this.startDue();
  }

  private startDue(): void {
    let started = 0;
    while (started < this.due.length && this.hand(this.due[started]!)) started++;
    if (started > 0) this.due.splice(0, started);
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RingBroken)) throw error;
      this.broken = true;
      this.options.onBroken(error.message);
    }
  }

  /** Hands the request to the disk; false when that is full. */
  private hand(flight: Flight): boolean {
    const { request } = flight;
    const { disk } = this.options;
    flight.attempt = this.attempt;
    const offset = request.firstSector * BLKIF_SECTOR_BYTES;
    const length = request.sectors * BLKIF_SECTOR_BYTES;
    this.isPrompt = request.segments > 0 && length <= PROMPT_BYTES;
    switch (request.operation) {
      case BlkifOp.read: {
        const buffer = disk.reserve(length);
        return this.given(
          buffer,
          buffer !== null &&
            disk.read(offset, buffer, (status) => {
              if (status === DiskStatus.ok) flight.toGuest(buffer.bytes);
              this.finish(flight, status, 'read', length);
            }),
        );
      }
      case BlkifOp.write: {
        const buffer = disk.reserve(length);
        if (buffer) flight.fromGuest(buffer.bytes);
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
    // From before it was mended.
    if (!isOkay && flight.attempt !== this.attempt) return void this.due.push(flight);
    if (!isOkay && this.options.onFailure(status) === 'hold') return void this.failed.push(flight);
    if (isOkay) this.options.count(operation, bytes);
    this.end(flight, isOkay ? BlkifStatus.okay : BlkifStatus.error);
  }

  private end(flight: Flight, status: BlkifStatus): void {
    flight.unmap();
    this.flights.delete(flight);
    this.answer(flight.request, status);
    this.spare.push(flight);
  }

  private outside({ operation, firstSector, sectors }: BlockRequest): string | null {
    if (operation === BlkifOp.flushDiskcache) return null;
    if (operation !== BlkifOp.read && this.options.readOnly) return 'a write to a read-only disk';
    return firstSector + sectors > this.options.sectors() ? 'sectors beyond the end' : null;
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
