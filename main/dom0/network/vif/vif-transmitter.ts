/** What a guest sends: from its tx ring, through granted pages, into a ring of frames. */
import type { FrameOffload, FrameProducer } from '../../../../shared/ring/frame-ring.ts';
import type { GrantFrames, GrantMapping, GuestMemory } from '../../../hypervisor/index.ts';
import {
  NETIF_EXTRA_FLAG_MORE,
  NetifExtraInfo,
  NetifExtraType,
  NetifGsoType,
  NetifRingEntryBytes,
  NetifStatus,
  NetifTxRequest,
  NetifTxResponse,
  NetTxFlag,
  PAGE_SIZE,
} from '../../../hypervisor/index.ts';
import { RingBroken } from '../../rings/back-ring.ts';
import type { BackRing } from '../../rings/back-ring.ts';

/** Slots of one packet beyond which its front end is not merely wrong. */
const MOST_SLOTS = 20;
/** Slots of data of one packet that are taken. */
const MOST_DATA_SLOTS = 18;
const SHORTEST_FRAME = 14;

const request = NetifTxRequest.offset;
const extra = NetifExtraInfo.offset;

export interface VifMemory {
  memory: GuestMemory;
  grants: GrantFrames;
  /** Domain that grants are made to. */
  backendDomid: number;
}

export interface TransmitterOptions extends VifMemory {
  ring: BackRing;
  out: FrameProducer;
  /** A packet that cannot be; it was refused. */
  onFault(what: string): void;
}

/** One piece of a packet: `bytes` from `offset` on, in the page of `ref`. */
interface Piece {
  id: number;
  ref: number;
  offset: number;
  bytes: number;
}

export class VifTransmitter {
  private readonly options: TransmitterOptions;
  private readonly entry = new Uint8Array(NetifRingEntryBytes.tx);
  private readonly view = new DataView(this.entry.buffer);
  private readonly response = new Uint8Array(NetifTxResponse.size);
  private readonly responseView = new DataView(this.response.buffer);
  private readonly pieces: Piece[] = [];
  private readonly mapped: GrantMapping[] = [];
  private slots = 0;
  private extras = 0;
  private flags = 0;
  private segmentBytes = 0;

  constructor(options: TransmitterOptions) {
    this.options = options;
  }

  /** Takes what the guest sent; false when the frames' ring is full: the rest waits. */
  service(): boolean {
    const { ring } = this.options;
    do {
      for (let waiting = ring.waiting; waiting > 0; waiting -= this.slots) {
        if (!this.gather(waiting)) break;
        const fault = this.fault() ?? this.map();
        if (fault === null && !this.send()) {
          this.unmap();
          return false;
        }
        this.unmap();
        if (fault !== null) this.options.onFault(fault);
        this.answer(fault === null ? NetifStatus.okay : NetifStatus.error);
      }
    } while (ring.sleep() && this.gather(ring.waiting));
    return true;
  }

  /** Reads the slots of the next packet; false when they are not all there yet. @throws RingBroken */
  private gather(waiting: number): boolean {
    const { ring } = this.options;
    this.pieces.length = 0;
    this.extras = 0;
    this.segmentBytes = 0;
    let more = true;
    for (this.slots = 0; more;) {
      if (this.slots === waiting) return false;
      if (this.slots >= MOST_SLOTS) throw new RingBroken('a packet that does not end');
      ring.peek(this.entry, this.slots++);
      const flags = this.view.getUint16(request.flags, true);
      if (this.pieces.length === 0) this.flags = flags;
      this.pieces.push({
        id: this.view.getUint16(request.id, true),
        ref: this.view.getUint32(request.gref, true),
        offset: this.view.getUint16(request.offset, true),
        bytes: this.view.getUint16(request.size, true),
      });
      more = (flags & NetTxFlag.moreData) !== 0;
      if (this.pieces.length === 1 && flags & NetTxFlag.extraInfo && !this.gatherExtras(waiting)) {
        return false;
      }
    }
    return true;
  }

  private gatherExtras(waiting: number): boolean {
    const { ring } = this.options;
    for (let more = true; more;) {
      if (this.slots === waiting) return false;
      if (this.slots >= MOST_SLOTS) throw new RingBroken('extra information that does not end');
      ring.peek(this.entry, this.slots++);
      this.extras++;
      const isGso = this.entry[extra.type] === NetifExtraType.gso;
      if (isGso && this.entry[extra.u + 2] === NetifGsoType.tcpv4) {
        this.segmentBytes = this.view.getUint16(extra.u, true);
      }
      more = (this.entry[extra.flags]! & NETIF_EXTRA_FLAG_MORE) !== 0;
    }
    return true;
  }

  /** What is wrong with the packet; its first piece's own length is worked out on the way. */
  private fault(): string | null {
    const [first, ...rest] = this.pieces;
    if (!first || this.pieces.length > MOST_DATA_SLOTS) return 'a packet of too many pieces';
    const total = first.bytes;
    first.bytes = rest.reduce((left, { bytes }) => left - bytes, total);
    if (total < SHORTEST_FRAME || first.bytes <= 0) return 'a packet shorter than its pieces';
    const isOutside = this.pieces.some(({ offset, bytes }) => offset + bytes > PAGE_SIZE);
    return isOutside ? 'a piece that crosses its page' : null;
  }

  private map(): string | null {
    const { grants, backendDomid } = this.options;
    for (const { ref } of this.pieces) {
      const mapping = grants.map(ref, backendDomid, false);
      if (typeof mapping === 'number') return 'a page that it does not grant';
      this.mapped.push(mapping);
    }
    return null;
  }

  private unmap(): void {
    for (const mapping of this.mapped) this.options.grants.unmap(mapping);
    this.mapped.length = 0;
  }

  private send(): boolean {
    const { out } = this.options;
    const length = this.pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    const offload: FrameOffload = {
      checksumPartial: (this.flags & NetTxFlag.csumBlank) !== 0,
      segmentBytes: this.segmentBytes,
    };
    return out.write(length, offload, (frame) => this.copy(frame));
  }

  private copy(frame: Uint8Array): void {
    const { bytes: ram } = this.options.memory;
    let at = 0;
    this.pieces.forEach(({ offset, bytes }, index) => {
      const start = this.mapped[index]!.gfn * PAGE_SIZE + offset;
      frame.set(ram.subarray(start, start + bytes), at);
      at += bytes;
    });
  }

  /** One response a slot, in their order: the extra ones come right after the first. */
  private answer(status: NetifStatus): void {
    const { ring } = this.options;
    ring.take(this.slots);
    this.pieces.forEach(({ id }, index) => {
      this.put(id, status);
      if (index > 0) return;
      for (let each = 0; each < this.extras; each++) this.put(0, NetifStatus.null);
    });
  }

  private put(id: number, status: NetifStatus): void {
    this.responseView.setUint16(NetifTxResponse.offset.id, id, true);
    this.responseView.setInt16(NetifTxResponse.offset.status, status, true);
    this.options.ring.put(this.response);
  }
}
