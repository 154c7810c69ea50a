/**
 * One request of a block front end, copied out of its ring and checked: xen-public `io/blkif.h`.
 * The objects are made once and used again.
 */
import {
  BLKIF_RING_ENTRY_BYTES,
  BlkifLimit,
  BlkifOp,
  BlkifRequest,
  BlkifRequestDiscard,
  BlkifRequestIndirect,
  BlkifRequestSegment,
} from '../../hypervisor/index.ts';

/** Segments of an indirect request that are offered; a page each. */
export const MAX_INDIRECT_SEGMENTS = 128;

const LAST_SECTOR_OF_PAGE = 7;
const { operation, nrSegments, id, sectorNumber, seg } = BlkifRequest.offset;
const indirect = BlkifRequestIndirect.offset;
const segment = BlkifRequestSegment.offset;

/** What is wrong with a request: it is answered with an error and noted. */
export type BlockFault =
  'segments' | 'sector-range' | 'segment-bounds' | 'indirect-operation' | 'unknown-operation';

export class BlockRequest {
  /** The ring's entry. */
  readonly entry = new Uint8Array(BLKIF_RING_ENTRY_BYTES);
  /** Of what is to be done: read, write, flush, discard or one that is not known. */
  operation = 0;
  /** 512-byte sectors. */
  firstSector = 0;
  sectors = 0;
  /** Pieces of data: `refs[i]`, sectors `first[i]` to `last[i]` of its page. */
  segments = 0;
  readonly refs = new Uint32Array(MAX_INDIRECT_SEGMENTS);
  readonly first = new Uint8Array(MAX_INDIRECT_SEGMENTS);
  readonly last = new Uint8Array(MAX_INDIRECT_SEGMENTS);
  private readonly view = new DataView(this.entry.buffer);

  /** The response's operation: an indirect request is answered by what it asked for. */
  get answeredOperation(): number {
    return this.isIndirect ? this.entry[indirect.indirectOp]! : this.entry[operation]!;
  }

  get isIndirect(): boolean {
    return this.entry[operation] === BlkifOp.indirect;
  }

  /** The first word of the front end's id, and the second. */
  get idLow(): number {
    return this.view.getUint32(id, true);
  }
  get idHigh(): number {
    return this.view.getUint32(id + 4, true);
  }

  /** Reads what is in `entry`, but the segments of an indirect request. */
  parse(): BlockFault | null {
    this.operation = this.answeredOperation;
    this.segments = 0;
    this.sectors = 0;
    this.firstSector = 0;
    if (!KNOWN.has(this.operation)) return 'unknown-operation';
    const isData = this.operation === BlkifOp.read || this.operation === BlkifOp.write;
    if (this.isIndirect && !isData) return 'indirect-operation';
    if (this.operation === BlkifOp.flushDiskcache) return null;
    this.firstSector = this.u64(this.isIndirect ? indirect.sectorNumber : sectorNumber);
    if (this.firstSector > MOST_SECTORS) return 'sector-range';
    if (this.operation === BlkifOp.discard) return this.parseDiscard();
    const count = this.isIndirect
      ? this.view.getUint16(indirect.nrSegments, true)
      : this.entry[nrSegments]!;
    const most = this.isIndirect ? MAX_INDIRECT_SEGMENTS : BlkifLimit.maxSegmentsPerRequest;
    if (count === 0 || count > most) return 'segments';
    this.segments = count;
    return this.isIndirect ? null : this.parseSegments(this.view, seg, 0, count);
  }

  /** Pages that hold the segments of an indirect request. */
  get indirectPages(): number {
    return this.isIndirect ? Math.ceil(this.segments / SEGMENTS_A_PAGE) : 0;
  }

  indirectRef(page: number): number {
    return this.view.getUint32(indirect.indirectGrefs + page * 4, true);
  }

  /** Takes the segments that lie in an indirect page, which the guest may be writing meanwhile. */
  parseIndirectPage(page: number, content: DataView, at: number): BlockFault | null {
    const from = page * SEGMENTS_A_PAGE;
    return this.parseSegments(content, at, from, Math.min(this.segments - from, SEGMENTS_A_PAGE));
  }

  private parseSegments(
    view: DataView,
    at: number,
    from: number,
    count: number,
  ): BlockFault | null {
    for (let index = from; index < from + count; index++, at += BlkifRequestSegment.size) {
      const first = view.getUint8(at + segment.firstSect);
      const last = view.getUint8(at + segment.lastSect);
      if (last < first || last > LAST_SECTOR_OF_PAGE) return 'segment-bounds';
      this.refs[index] = view.getUint32(at + segment.gref, true);
      this.first[index] = first;
      this.last[index] = last;
      this.sectors += last - first + 1;
    }
    return null;
  }

  private parseDiscard(): BlockFault | null {
    this.sectors = this.u64(BlkifRequestDiscard.offset.nrSectors);
    return this.sectors > MOST_SECTORS ? 'sector-range' : null;
  }

  /** Exact up to {@link MOST_SECTORS}, and above it more than that. */
  private u64(at: number): number {
    return this.view.getUint32(at + 4, true) * 2 ** 32 + this.view.getUint32(at, true);
  }
}

const KNOWN = new Set<number>([
  BlkifOp.read,
  BlkifOp.write,
  BlkifOp.flushDiskcache,
  BlkifOp.discard,
]);
const MOST_SECTORS = Math.floor(Number.MAX_SAFE_INTEGER / 512);
const SEGMENTS_A_PAGE = 512;
