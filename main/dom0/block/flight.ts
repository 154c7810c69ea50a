/**
 * A request of a block front end on its way, with the guest's pages that it names: mapped from
 * {@link Flight.map} to {@link Flight.unmap}, and only then touched. The objects are made once and
 * used again.
 */
import type { GrantFrames, GrantMapping, GuestMemory } from '../../hypervisor/index.ts';
import { BLKIF_SECTOR_BYTES, BlkifOp, PAGE_SIZE } from '../../hypervisor/index.ts';
import { BlockRequest } from './block-request.ts';

export class Flight {
  readonly request = new BlockRequest();
  /** Times that all was tried again when the disk was handed it. */
  attempt = 0;
  private readonly memory: GuestMemory;
  private readonly grants: GrantFrames;
  private readonly backendDomid: number;
  private readonly mappings: GrantMapping[] = [];

  /** @param backendDomid the domain that grants are made to */
  constructor(memory: GuestMemory, grants: GrantFrames, backendDomid: number) {
    this.memory = memory;
    this.grants = grants;
    this.backendDomid = backendDomid;
  }

  /** Takes in what the request's entry says, and its indirect pages; what is wrong with it, or null. */
  read(): string | null {
    return this.request.parse() ?? this.readIndirect();
  }

  /** What is read is written into the guest's pages. Null, or what is wrong: then none is mapped. */
  map(): string | null {
    const { request, grants, backendDomid, mappings } = this;
    const writable = request.operation === BlkifOp.read;
    for (let index = 0; index < request.segments; index++) {
      const mapping = grants.map(request.refs[index]!, backendDomid, writable);
      if (typeof mapping === 'number') {
        this.unmap();
        return 'a page that it does not grant';
      }
      mappings.push(mapping);
    }
    return null;
  }

  unmap(): void {
    for (const mapping of this.mappings) this.grants.unmap(mapping);
    this.mappings.length = 0;
  }

  /** Of a read: the guest has `data` from here on. */
  toGuest(data: Uint8Array): void {
    const { request, mappings } = this;
    for (let index = 0, at = 0; index < mappings.length; index++) {
      const [offset, bytes] = piece(request, index);
      const address = mappings[index]!.gfn * PAGE_SIZE + offset;
      this.memory.write(address, data.subarray(at, at + bytes));
      at += bytes;
    }
  }

  /** Of a write: what the guest's pages hold now. */
  fromGuest(data: Uint8Array): void {
    const { request, mappings } = this;
    const { bytes: ram } = this.memory;
    for (let index = 0, at = 0; index < mappings.length; index++) {
      const [offset, bytes] = piece(request, index);
      const address = mappings[index]!.gfn * PAGE_SIZE + offset;
      data.set(ram.subarray(address, address + bytes), at);
      at += bytes;
    }
  }

  private readIndirect(): string | null {
    const { request, grants, backendDomid, memory } = this;
    for (let page = 0; page < request.indirectPages; page++) {
      const mapping = grants.map(request.indirectRef(page), backendDomid, false);
      if (typeof mapping === 'number') return 'an indirect page that it does not grant';
      const fault = request.parseIndirectPage(page, memory.view, mapping.gfn * PAGE_SIZE);
      grants.unmap(mapping);
      if (fault) return fault;
    }
    return null;
  }
}

/** Where in its page a segment's data lies, and how much it is: bytes. */
function piece({ first, last }: BlockRequest, index: number): [offset: number, bytes: number] {
  const start = first[index]!;
  return [start * BLKIF_SECTOR_BYTES, (last[index]! - start + 1) * BLKIF_SECTOR_BYTES];
}
