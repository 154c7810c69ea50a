/** A network front end by hand: two rings in a machine's memory, grants, and rings of frames. */
import {
  GrantFlag,
  NetifRingEntryBytes,
  NetifRxRequest,
  NetifRxResponse,
  NetifTxRequest,
  NetifTxResponse,
  PAGE_SIZE,
  ringEntryOffset,
  SharedRing,
} from '../../../hypervisor/index.ts';
import type { BackendPort, GrantMapping } from '../../../hypervisor/index.ts';
import { Machine } from '../../../hypervisor/testing/machine.ts';
import type { FrameOffload } from '../../../../shared/ring/frame-ring.ts';
import {
  createFrameRing,
  FrameConsumer,
  FrameProducer,
} from '../../../../shared/ring/frame-ring.ts';
import { VifBackend } from '../vif/vif-backend.ts';

const RINGS = { tx: { gfn: 0x200, ref: 8 }, rx: { gfn: 0x201, ref: 9 } } as const;
const CAPACITY = 256;
/** References from here on are of single pages from `DATA_GFN` on. */
export const DATA_REF = 16;
export const DATA_GFN = 0x210;
export const DATA_PAGES = 64;

type Way = 'tx' | 'rx';

export interface TxSlot {
  ref: number;
  offset: number;
  flags: number;
  /** Of the first slot the whole packet's. */
  size: number;
}

export interface Frame {
  bytes: Uint8Array;
  offload: FrameOffload;
}

export class NetFront {
  readonly machine: Machine;
  readonly backend: VifBackend;
  readonly faults: string[] = [];
  readonly broken: string[] = [];
  notified = 0;
  readonly toGuest: FrameProducer;
  private readonly fromGuest: FrameConsumer;
  private readonly produced = { tx: 0, rx: 0 };
  private readonly consumed = { tx: 0, rx: 0 };

  private constructor(machine: Machine) {
    this.machine = machine;
    const { domain } = machine;
    domain.grants.place(0, domain.layout.bar1 / PAGE_SIZE);
    for (const way of ['tx', 'rx'] as const) {
      this.grant(RINGS[way].ref, RINGS[way].gfn);
      this.ringWord(way, 'reqEvent', 1);
      this.ringWord(way, 'rspEvent', 1);
    }
    for (let page = 0; page < DATA_PAGES; page++) this.grant(DATA_REF + page, DATA_GFN + page);
    const [sent, received] = [createFrameRing(1 << 18), createFrameRing(1 << 18)];
    this.fromGuest = new FrameConsumer(sent);
    this.toGuest = new FrameProducer(received);
    const port: BackendPort = {
      port: 5 as BackendPort['port'],
      notify: () => void this.notified++,
      close: () => undefined,
    };
    const mapped = (way: Way): GrantMapping =>
      domain.grants.map(RINGS[way].ref, 0, true) as GrantMapping;
    this.backend = new VifBackend(
      {
        memory: domain.memory,
        grants: domain.grants,
        backendDomid: 0,
        out: new FrameProducer(sent),
        into: new FrameConsumer(received),
        onFault: (what) => void this.faults.push(what),
        onBroken: (what) => void this.broken.push(what),
      },
      { tx: mapped('tx'), rx: mapped('rx'), txPort: port, rxPort: port },
    );
  }

  static async start(): Promise<NetFront> {
    return new NetFront(await Machine.create());
  }

  grant(ref: number, gfn: number, flags: number = GrantFlag.permitAccess, domid = 0): void {
    const at = this.machine.domain.layout.bar1 + ref * 8;
    this.machine.setWord(at, flags | (domid << 16));
    this.machine.setWord(at + 4, gfn);
  }

  flags(ref: number): number {
    return this.machine.word(this.machine.domain.layout.bar1 + ref * 8) & 0xffff;
  }

  page(gfn: number): Uint8Array {
    return this.machine.domain.memory.page(gfn);
  }

  /** A slot of a packet to send; its id is its place. */
  send({ ref, offset, flags, size }: TxSlot): void {
    const entry = new Uint8Array(NetifRingEntryBytes.tx);
    const view = new DataView(entry.buffer);
    view.setUint32(NetifTxRequest.offset.gref, ref, true);
    view.setUint16(NetifTxRequest.offset.offset, offset, true);
    view.setUint16(NetifTxRequest.offset.flags, flags, true);
    view.setUint16(NetifTxRequest.offset.id, this.produced.tx % CAPACITY, true);
    view.setUint16(NetifTxRequest.offset.size, size, true);
    this.put('tx', entry);
  }

  /** A page to receive in. */
  offer(ref: number): void {
    const entry = new Uint8Array(NetifRingEntryBytes.rx);
    const view = new DataView(entry.buffer);
    view.setUint16(NetifRxRequest.offset.id, this.produced.rx % CAPACITY, true);
    view.setUint32(NetifRxRequest.offset.gref, ref, true);
    this.put('rx', entry);
  }

  put(way: Way, entry: Uint8Array): void {
    const at = ringEntryOffset(this.produced[way], CAPACITY, NetifRingEntryBytes[way]);
    this.page(RINGS[way].gfn).set(entry, at);
    this.produced[way] = (this.produced[way] + 1) >>> 0;
  }

  /** Publishes what was put, or says an index that is not so. */
  publish(way: Way, index: number = this.produced[way]): void {
    this.ringWord(way, 'reqProd', index);
  }

  /** What has reached the switch. */
  takeFrames(): Frame[] {
    const frames: Frame[] = [];
    while (
      this.fromGuest.read((frame, offload) => frames.push({ bytes: frame.slice(), offload }) > 0)
    );
    return frames;
  }

  /** Status of each slot answered since it was last asked. */
  statuses(way: Way): number[] {
    return this.answers(way).map(({ status }) => status);
  }

  /** The same with where in its page what came begins. */
  answers(way: Way): { status: number; offset: number }[] {
    const layout = way === 'tx' ? NetifTxResponse : NetifRxResponse;
    const found: { status: number; offset: number }[] = [];
    const ring = this.page(RINGS[way].gfn);
    const view = new DataView(ring.buffer, ring.byteOffset, PAGE_SIZE);
    const produced = view.getUint32(SharedRing.offset.rspProd, true);
    for (; this.consumed[way] !== produced; this.consumed[way]++) {
      const at = ringEntryOffset(this.consumed[way], CAPACITY, NetifRingEntryBytes[way]);
      found.push({
        status: view.getInt16(at + layout.offset.status, true),
        offset: way === 'rx' ? view.getUint16(at + NetifRxResponse.offset.offset, true) : 0,
      });
    }
    this.ringWord(way, 'rspEvent', this.consumed[way] + 1);
    return found;
  }

  private ringWord(way: Way, name: keyof typeof SharedRing.offset, value: number): void {
    this.machine.setWord(RINGS[way].gfn * PAGE_SIZE + SharedRing.offset[name], value >>> 0);
  }
}
