/** What a guest gets: from a ring of frames into the pages that it put into its rx ring. */
import type { FrameConsumer, FrameOffload } from '../../../../shared/ring/frame-ring.ts';
import {
  NetifExtraInfo,
  NetifExtraType,
  NetifGsoType,
  NetifRingEntryBytes,
  NetifRxRequest,
  NetifRxResponse,
  NetifStatus,
  NetRxFlag,
  PAGE_SIZE,
} from '../../../hypervisor/index.ts';
import type { BackRing } from '../../rings/back-ring.ts';
import { IpProtocol } from '../protocol/ipv4.ts';
import { UDP_HEADER_BYTES } from '../protocol/udp.ts';
import type { VifMemory } from './vif-transmitter.ts';

/** Bytes of a frame that Linux takes into a buffer of its own; the rest stays in the page. */
const COPIED_BYTES = 256;
const ALIGNMENT = 8;

const response = NetifRxResponse.offset;
const extra = NetifExtraInfo.offset;

export interface ReceiverOptions extends VifMemory {
  ring: BackRing;
  into: FrameConsumer;
  /** It put up a page that it does not grant for writing; the frame is lost to it. */
  onFault(what: string): void;
}

export class VifReceiver {
  private readonly options: ReceiverOptions;
  private readonly entry = new Uint8Array(NetifRingEntryBytes.rx);
  private readonly entryView = new DataView(this.entry.buffer);
  private readonly answer = new Uint8Array(NetifRingEntryBytes.rx);
  private readonly answerView = new DataView(this.answer.buffer);

  constructor(options: ReceiverOptions) {
    this.options = options;
  }

  /** Gives the guest what has come, as far as it has put up pages for it. @throws RingBroken */
  service(): void {
    const { ring, into } = this.options;
    do {
      while (into.read((frame, offload) => this.give(frame, offload)));
    } while (into.used > 0 && ring.sleep() && ring.waiting >= this.slotsOfNext());
  }

  private slotsOfNext(): number {
    let slots = 0;
    this.options.into.read((frame, offload) => {
      slots = slotsOf(frame, offload);
      return false;
    });
    return slots;
  }

  private give(frame: Uint8Array, offload: FrameOffload): boolean {
    const { ring } = this.options;
    if (ring.waiting < slotsOf(frame, offload)) return false;
    const isGso = offload.segmentBytes > 0;
    let flags = offload.checksumPartial ? NetRxFlag.csumBlank | NetRxFlag.dataValidated : 0;
    if (isGso) flags |= NetRxFlag.extraInfo;
    let isLost = false;
    for (let at = 0, offset = firstOffset(frame); at < frame.length; offset = 0) {
      const piece = frame.subarray(at, at + PAGE_SIZE - offset);
      const isFirst = at === 0;
      at += piece.length;
      const more = at < frame.length ? NetRxFlag.moreData : 0;
      isLost = !this.givePiece(piece, offset, flags | more, isLost) || isLost;
      if (isFirst && isGso) this.giveSegmentation(offload.segmentBytes);
      flags = 0;
    }
    if (isLost) this.options.onFault('a page to receive in that it does not grant');
    return true;
  }

  /** Once a piece is lost the rest is answered with errors, too: half a packet is none. */
  private givePiece(piece: Uint8Array, offset: number, flags: number, isLost: boolean): boolean {
    const { ring, grants, memory, backendDomid } = this.options;
    ring.peek(this.entry);
    ring.take();
    const ref = this.entryView.getUint32(NetifRxRequest.offset.gref, true);
    const mapping = isLost ? NetifStatus.error : grants.map(ref, backendDomid, true);
    const isGiven = typeof mapping !== 'number';
    if (isGiven) {
      memory.write(mapping.gfn * PAGE_SIZE + offset, piece);
      grants.unmap(mapping);
    }
    const id = this.entryView.getUint16(NetifRxRequest.offset.id, true);
    this.answerView.setUint16(response.id, id, true);
    this.answerView.setUint16(response.offset, offset, true);
    this.answerView.setUint16(response.flags, flags, true);
    this.answerView.setInt16(response.status, isGiven ? piece.length : NetifStatus.error, true);
    ring.put(this.answer);
    return isGiven;
  }

  /** Takes a slot of its own; Linux gives that slot's page back to itself. */
  private giveSegmentation(segmentBytes: number): void {
    const { ring } = this.options;
    ring.take();
    this.answer.fill(0);
    this.answer[extra.type] = NetifExtraType.gso;
    this.answerView.setUint16(extra.u, segmentBytes, true);
    this.answer[extra.u + 2] = NetifGsoType.tcpv4;
    ring.put(this.answer);
  }
}

function slotsOf(frame: Uint8Array, { segmentBytes }: FrameOffload): number {
  const pages = Math.ceil((firstOffset(frame) + frame.length) / PAGE_SIZE);
  return pages + (segmentBytes > 0 ? 1 : 0);
}

/**
 * Where in its first page a frame begins, so that the data in it lies at a multiple of 8: Linux on
 * i386 copies aligned data to programs with one string instruction, other data word by word, which
 * is half of what receiving costs.
 */
function firstOffset(frame: Uint8Array): number {
  return frame.length > COPIED_BYTES ? -headerBytes(frame) & (ALIGNMENT - 1) : 0;
}

/** Of Ethernet, IPv4, and TCP or UDP, by what the frame says, which nobody has checked; else 0. */
function headerBytes(frame: Uint8Array): number {
  if (frame[12] !== 0x08 || frame[13] !== 0x00) return 0;
  const transportAt = 14 + (frame[14]! & 15) * 4;
  switch (frame[23]) {
    case IpProtocol.tcp:
      return transportAt + (frame[transportAt + 12]! >> 4) * 4;
    case IpProtocol.udp:
      return transportAt + UDP_HEADER_BYTES;
    default:
      return 0;
  }
}
