/** A block front end by hand: a ring in a machine's memory, grants, and a disk that is an array. */
import {
  BLKIF_RING_ENTRY_BYTES,
  BlkifOp,
  BlkifRequest,
  BlkifRequestIndirect,
  BlkifRequestSegment,
  BlkifResponse,
  PAGE_SIZE,
  ringEntryOffset,
  SharedRing,
} from '../../../hypervisor/index.ts';
import type { GrantFrames, GrantMapping } from '../../../hypervisor/index.ts';
import { Machine } from '../../../hypervisor/testing/machine.ts';
import { DATA_GFN, DATA_PAGES, DATA_REF, FrontByHand } from '../../rings/testing/front-by-hand.ts';
import { createDiskRing, DiskOperation, DiskStatus } from '../ring/disk-ring.abi.ts';
import { DiskClient } from '../ring/disk-client.ts';
import { DiskRingServer } from '../ring/disk-ring-server.ts';
import { VbdBackend } from '../vbd-backend.ts';

const RING = { gfn: 0x200, ref: 8 };
const CAPACITY = 32;
export interface Segment {
  ref: number;
  first: number;
  last: number;
}

export interface Answer {
  id: number;
  operation: number;
  status: number;
}

/** Of a guest at an instant: its memory as far as it matters here, and how far it has come. */
export interface GuestSnapshot {
  readonly memory: readonly [at: number, bytes: Uint8Array][];
  readonly produced: number;
  readonly consumed: number;
}

export class FrontEnd extends FrontByHand {
  backend!: VbdBackend;
  readonly disk: Uint8Array;
  broken = 0;
  /** What the disk says to its next requests; then it is well again. */
  failing: DiskStatus[] = [];
  held: DiskStatus[] = [];
  /** The disk answers, as another thread would, while the back end looks for it. */
  isPrompt = false;
  private readonly readOnly: boolean;
  private server!: DiskRingServer;
  private produced = 0;
  private consumed = 0;

  private constructor(machine: Machine, sectors: number, readOnly: boolean) {
    super(machine, [RING]);
    this.disk = new Uint8Array(sectors * 512).map((_, index) => (index >> 9) * 7 + index);
    this.readOnly = readOnly;
    this.connect(machine.domain.grants);
  }

  static async start(sectors: number, readOnly = false): Promise<FrontEnd> {
    return new FrontEnd(await Machine.create(), sectors, readOnly);
  }

  snapshot(): GuestSnapshot {
    const { layout, memory } = this.machine.domain;
    const pages: [gfn: number, count: number][] = [
      [RING.gfn, 1],
      [DATA_GFN, DATA_PAGES],
      [layout.bar1 / PAGE_SIZE, 1],
    ];
    return {
      memory: pages.map(([gfn, count]) => {
        const at = gfn * PAGE_SIZE;
        return [at, memory.bytes.slice(at, at + count * PAGE_SIZE)];
      }),
      produced: this.produced,
      consumed: this.consumed,
    };
  }

  /** The back end is gone with its thread; the guest is as it was, and another back end has it. */
  goBack({ memory, produced, consumed }: GuestSnapshot): void {
    const { domain } = this.machine;
    for (const [at, bytes] of memory) domain.memory.write(at, bytes);
    [this.produced, this.consumed] = [produced, consumed];
    this.connect(this.machine.grantsAnew());
  }

  private connect(grants: GrantFrames): void {
    const { sectors, readOnly } = this;
    const ring = createDiskRing(1 << 20);
    this.server = new DiskRingServer(ring);
    this.backend = new VbdBackend(
      {
        memory: this.machine.domain.memory,
        grants,
        backendDomid: 0,
        disk: this.client(ring),
        sectors: () => sectors,
        readOnly,
        count: () => undefined,
        onFault: (what) => void this.faults.push(what),
        onFailure: (status) => {
          if (status === DiskStatus.gone) return 'report';
          this.held.push(status);
          return 'hold';
        },
        onBroken: () => void this.broken++,
      },
      [grants.map(RING.ref, 0, true) as GrantMapping],
      this.port,
    );
  }

  private client(ring: SharedArrayBuffer): DiskClient {
    const serve = (): unknown => this.isPrompt && this.serveDisk();
    return new (class extends DiskClient {
      override get hasCompletion(): boolean {
        serve();
        return super.hasCompletion;
      }
    })(ring);
  }

  private get sectors(): number {
    return this.disk.length / 512;
  }

  /** Puts a request of up to eleven segments into the ring. */
  ask(id: number, operation: number, sector: number, segments: readonly Segment[]): void {
    const entry = new Uint8Array(BLKIF_RING_ENTRY_BYTES);
    const view = new DataView(entry.buffer);
    entry[BlkifRequest.offset.operation] = operation;
    entry[BlkifRequest.offset.nrSegments] = segments.length;
    view.setBigUint64(BlkifRequest.offset.id, BigInt(id), true);
    view.setBigUint64(BlkifRequest.offset.sectorNumber, BigInt.asUintN(64, BigInt(sector)), true);
    writeSegments(view, BlkifRequest.offset.seg, segments);
    this.put(entry);
  }

  /** The same, with its segments in the page of `ref`. */
  askIndirect(
    id: number,
    operation: number,
    sector: number,
    ref: number,
    segments: readonly Segment[],
  ): void {
    const entry = new Uint8Array(BLKIF_RING_ENTRY_BYTES);
    const view = new DataView(entry.buffer);
    entry[BlkifRequestIndirect.offset.operation] = BlkifOp.indirect;
    entry[BlkifRequestIndirect.offset.indirectOp] = operation;
    view.setUint16(BlkifRequestIndirect.offset.nrSegments, segments.length, true);
    view.setBigUint64(BlkifRequestIndirect.offset.id, BigInt(id), true);
    view.setBigUint64(BlkifRequestIndirect.offset.sectorNumber, BigInt(sector), true);
    view.setUint32(BlkifRequestIndirect.offset.indirectGrefs, ref, true);
    const page = this.page(DATA_GFN + ref - DATA_REF);
    writeSegments(new DataView(page.buffer, page.byteOffset), 0, segments);
    this.put(entry);
  }

  put(entry: Uint8Array): void {
    const at = ringEntryOffset(this.produced, CAPACITY, BLKIF_RING_ENTRY_BYTES);
    this.page(RING.gfn).set(entry, at);
    this.produced = (this.produced + 1) >>> 0;
  }

  /** Publishes what was put, or says an index that is not so. */
  publish(index: number = this.produced): void {
    this.setRingWord(RING, 'reqProd', index);
  }

  /** Both sides and the disk work until nothing moves any more. */
  settle(): void {
    do this.backend.service();
    while (this.serveDisk() > 0);
  }

  answers(): Answer[] {
    const answers: Answer[] = [];
    const view = this.viewOf(RING);
    const produced = view.getUint32(SharedRing.offset.rspProd, true);
    for (; this.consumed !== produced; this.consumed = (this.consumed + 1) >>> 0) {
      const at = ringEntryOffset(this.consumed, CAPACITY, BLKIF_RING_ENTRY_BYTES);
      answers.push({
        id: Number(view.getBigUint64(at + BlkifResponse.offset.id, true)),
        operation: view.getUint8(at + BlkifResponse.offset.operation),
        status: view.getInt16(at + BlkifResponse.offset.status, true),
      });
    }
    this.setRingWord(RING, 'rspEvent', this.consumed + 1);
    return answers;
  }

  serveDisk(): number {
    let count = 0;
    for (let taken = this.server.take(); taken.kind !== 'empty'; taken = this.server.take()) {
      if (taken.kind !== 'request') throw new Error(`the disk's ring: ${taken.kind}`);
      const { id, operation, offset, length, data } = taken.request;
      if (offset + length > this.disk.length) throw new Error('asked for beyond the disk');
      const status = this.failing.shift() ?? DiskStatus.ok;
      if (status === DiskStatus.ok && operation === DiskOperation.read) {
        data[0]!.set(this.disk.subarray(offset, offset + length));
      } else if (status === DiskStatus.ok && operation === DiskOperation.write) {
        this.disk.set(data[0]!, offset);
      }
      this.server.complete(id, status);
      count++;
    }
    return count;
  }
}

function writeSegments(view: DataView, at: number, segments: readonly Segment[]): void {
  segments.forEach(({ ref, first, last }, index) => {
    const base = at + index * BlkifRequestSegment.size;
    view.setUint32(base, ref, true);
    view.setUint8(base + BlkifRequestSegment.offset.firstSect, first);
    view.setUint8(base + BlkifRequestSegment.offset.lastSect, last);
  });
}
