/** A network front end by hand: two rings in a machine's memory, grants, and rings of frames. */
import {
  NetifRingEntryBytes,
  NetifRxRequest,
  NetifRxResponse,
  NetifTxRequest,
  NetifTxResponse,
  ringEntryOffset,
  SharedRing,
} from '../../../hypervisor/index.ts';
import { Machine } from '../../../hypervisor/testing/machine.ts';
import type { FrameOffload } from '../../../../shared/ring/frame-ring.ts';
import {
  createFrameRing,
  FrameConsumer,
  FrameProducer,
} from '../../../../shared/ring/frame-ring.ts';
import { FrontByHand } from '../../rings/testing/front-by-hand.ts';
import { VifBackend } from '../vif/vif-backend.ts';

const RINGS = { tx: { gfn: 0x200, ref: 8 }, rx: { gfn: 0x201, ref: 9 } } as const;
const CAPACITY = 256;
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

export class NetFront extends FrontByHand {
  readonly backend: VifBackend;
  readonly broken: string[] = [];
  readonly toGuest: FrameProducer;
  private readonly fromGuest: FrameConsumer;
  private readonly produced = { tx: 0, rx: 0 };
  private readonly consumed = { tx: 0, rx: 0 };

  private constructor(machine: Machine) {
    super(machine, [RINGS.tx, RINGS.rx]);
    const { domain } = machine;
    const [sent, received] = [createFrameRing(1 << 18), createFrameRing(1 << 18)];
    this.fromGuest = new FrameConsumer(sent);
    this.toGuest = new FrameProducer(received);
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
      {
        tx: this.mapped(RINGS.tx),
        rx: this.mapped(RINGS.rx),
        txPort: this.port,
        rxPort: this.port,
      },
    );
  }

  static async start(): Promise<NetFront> {
    return new NetFront(await Machine.create());
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
    this.setRingWord(RINGS[way], 'reqProd', index);
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
    const view = this.viewOf(RINGS[way]);
    const produced = view.getUint32(SharedRing.offset.rspProd, true);
    for (; this.consumed[way] !== produced; this.consumed[way]++) {
      const at = ringEntryOffset(this.consumed[way], CAPACITY, NetifRingEntryBytes[way]);
      found.push({
        status: view.getInt16(at + layout.offset.status, true),
        offset: way === 'rx' ? view.getUint16(at + NetifRxResponse.offset.offset, true) : 0,
      });
    }
    this.setRingWord(RINGS[way], 'rspEvent', this.consumed[way] + 1);
    return found;
  }
}
