/** Where the disk's clusters are: the L1 table, in memory as a whole, and the L2 tables. */
import type { BlockFile } from '../files/block-file.ts';
import { diskError } from '../disk-error.ts';
import type { MetadataClusters } from './metadata-clusters.ts';
import { ENTRY_BYTES, EntryHigh, EntryLow } from './qcow2.abi.ts';
import type { Qcow2Header } from './header.ts';
import type { Piece, Table } from './table-cache.ts';
import { TableCache } from './table-cache.ts';

export type Mapping =
  /** Nothing here: what the image beneath has, or zeros. */
  | { kind: 'none' }
  /** Zeros, whatever the image beneath has. `offset` is of a cluster kept for it, or 0. */
  | { kind: 'zero'; offset: number }
  /** `inPlace`: the cluster has no other user. */
  | { kind: 'data'; offset: number; inPlace: boolean }
  /** `bytes` at most, from byte `offset` on, end before where the compressed data ends. */
  | { kind: 'compressed'; offset: number; bytes: number };

/** What an entry is set to. */
export type NewMapping = { kind: 'none' } | { kind: 'zero' } | { kind: 'data'; offset: number };

const NONE: Mapping = { kind: 'none' };

/** L1 entries and pieces of L2 tables on their way to the file. */
export interface CapturedMap {
  pieces: Piece[];
  l1: { index: number; offset: number; bytes: Uint8Array }[];
}

export class ClusterMap {
  /** Entries of an L2 table. */
  readonly tableEntries: number;
  readonly tables: TableCache;
  l1Offset: number;
  private l1: DataView<ArrayBuffer>;
  private readonly l1Dirty = new Set<number>();
  private readonly file: BlockFile;
  private readonly metadata: MetadataClusters;
  private readonly clusterBytes: number;
  private readonly hasZeroFlag: boolean;

  /** @throws DomusError `disk.corrupt` for entries that name no place of their own */
  constructor(
    file: BlockFile,
    header: Qcow2Header,
    metadata: MetadataClusters,
    cacheTables: number,
  ) {
    this.file = file;
    this.metadata = metadata;
    this.clusterBytes = header.clusterBytes;
    this.hasZeroFlag = header.version === 3;
    this.tableEntries = header.clusterBytes / ENTRY_BYTES;
    this.tables = new TableCache(file, header.clusterBytes, cacheTables);
    this.l1Offset = header.l1Offset;
    const l1 = new Uint8Array(header.l1Entries * ENTRY_BYTES);
    file.read(header.l1Offset, [l1]);
    this.l1 = new DataView(l1.buffer);
    this.checkL1();
  }

  get l1Entries(): number {
    return this.l1.byteLength / ENTRY_BYTES;
  }

  /** Whether there is an L2 table for the disk's cluster: without, nothing around it is mapped. */
  hasTable(cluster: number): boolean {
    return this.l1Target(Math.floor(cluster / this.tableEntries)) !== 0;
  }

  /** @throws DomusError `disk.corrupt` for an entry that cannot be */
  lookup(cluster: number): Mapping {
    const offset = this.l1Target(Math.floor(cluster / this.tableEntries));
    if (offset === 0) return NONE;
    const at = (cluster % this.tableEntries) * ENTRY_BYTES;
    const { view } = this.tables.get(offset);
    const high = view.getUint32(at);
    const low = view.getUint32(at + 4);
    return high === 0 && low === 0 ? NONE : this.decode(cluster, high, low);
  }

  /**
   * Changes an entry, in memory.
   *
   * @param newTable gives the byte offset of a cluster for an L2 table that has to be made
   */
  set(cluster: number, mapping: NewMapping, newTable: () => number): void {
    const index = Math.floor(cluster / this.tableEntries);
    const table = this.tableFor(index, newTable);
    const at = (cluster % this.tableEntries) * ENTRY_BYTES;
    const offset = mapping.kind === 'data' ? mapping.offset : 0;
    const copied = mapping.kind === 'data' ? EntryHigh.copied : 0;
    table.view.setUint32(at, (Math.floor(offset / 2 ** 32) | copied) >>> 0);
    table.view.setUint32(at + 4, (offset | (mapping.kind === 'zero' ? EntryLow.zero : 0)) >>> 0);
    this.tables.changed(table, at);
  }

  get isDirty(): boolean {
    return this.tables.dirty.size > 0 || this.l1Dirty.size > 0;
  }

  /** Writes tables that nothing in the file names yet. @throws DomusError `disk.…` */
  writeNewTables(): void {
    for (const table of this.tables.dirty) if (table.isNew) this.tables.write(table);
  }

  capture(): CapturedMap {
    const l1 = [...this.l1Dirty].map((index) => ({
      index,
      offset: this.l1Offset + index * ENTRY_BYTES,
      bytes: new Uint8Array(this.l1.buffer, index * ENTRY_BYTES, ENTRY_BYTES).slice(),
    }));
    this.l1Dirty.clear();
    return { pieces: this.tables.capture(), l1 };
  }

  /** @throws DomusError `disk.…` */
  write({ pieces, l1 }: CapturedMap): void {
    for (const piece of pieces) this.tables.writePiece(piece);
    for (const { offset, bytes } of l1) this.file.write(offset, [bytes]);
  }

  committed({ pieces, l1 }: CapturedMap, failed: boolean): void {
    this.tables.committed(pieces, failed);
    if (failed) for (const { index } of l1) this.l1Dirty.add(index);
  }

  /**
   * The L1 table as the file has it, with room for more entries: those that only memory has are zero,
   * and stay to be written.
   */
  stableL1(entries: number): Uint8Array {
    const stable = new Uint8Array(entries * ENTRY_BYTES);
    stable.set(new Uint8Array(this.l1.buffer));
    for (const index of this.l1Dirty)
      stable.fill(0, index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
    return stable;
  }

  /** From now on the L1 table is elsewhere, with so many entries. */
  moveL1(offset: number, entries: number): void {
    const l1 = new Uint8Array(entries * ENTRY_BYTES);
    l1.set(new Uint8Array(this.l1.buffer));
    this.l1 = new DataView(l1.buffer);
    this.l1Offset = offset;
  }

  private l1Target(index: number): number {
    const at = index * ENTRY_BYTES;
    if (at >= this.l1.byteLength) return 0;
    return entryOffset(this.l1.getUint32(at), this.l1.getUint32(at + 4));
  }

  private tableFor(index: number, newTable: () => number): Table {
    const present = this.l1Target(index);
    const at = index * ENTRY_BYTES;
    if (present !== 0) {
      if ((this.l1.getUint32(at) & EntryHigh.copied) === 0) {
        throw this.corrupt(`its L2 table ${index} has other users`);
      }
      return this.tables.get(present);
    }
    const offset = newTable();
    this.metadata.add(offset, this.clusterBytes);
    this.l1.setUint32(at, (Math.floor(offset / 2 ** 32) | EntryHigh.copied) >>> 0);
    this.l1.setUint32(at + 4, offset >>> 0);
    this.l1Dirty.add(index);
    return this.tables.create(offset);
  }

  private decode(cluster: number, high: number, low: number): Mapping {
    if ((high & EntryHigh.compressed) !== 0) return this.decodeCompressed(cluster, high, low);
    const offset = entryOffset(high, low);
    const isZero = (low & EntryLow.zero) !== 0;
    if (isZero && !this.hasZeroFlag)
      throw this.corrupt(`its cluster ${cluster} has a reserved bit`);
    if (offset % this.clusterBytes !== 0 || offset >= this.file.size) {
      throw this.corrupt(`its cluster ${cluster} would be at byte ${offset} of the file`);
    }
    if (offset !== 0 && this.metadata.has(offset / this.clusterBytes)) {
      throw this.corrupt(`its cluster ${cluster} would be where a table is, at byte ${offset}`);
    }
    if (isZero) return { kind: 'zero', offset };
    if (offset === 0) return NONE;
    return { kind: 'data', offset, inPlace: (high & EntryHigh.copied) !== 0 };
  }

  /** Below bit 62 the sectors after the first, from a bit on that depends on the cluster size; below the offset. */
  private decodeCompressed(cluster: number, high: number, low: number): Mapping {
    const offsetBits = 62 - (Math.log2(this.clusterBytes) - 8);
    const top = high & 0x3fffffff;
    const sectors = Math.floor(top / 2 ** (offsetBits - 32)) + 1;
    // Inexact beyond 2^53, and then beyond every file.
    const offset = (top % 2 ** (offsetBits - 32)) * 2 ** 32 + low;
    if (offset < this.clusterBytes || offset >= this.file.size) {
      throw this.corrupt(
        `its compressed cluster ${cluster} would be at byte ${offset} of the file`,
      );
    }
    return { kind: 'compressed', offset, bytes: sectors * 512 - (offset % 512) };
  }

  private checkL1(): void {
    for (let index = 0; index < this.l1Entries; index++) {
      const offset = this.l1Target(index);
      if (offset === 0) continue;
      if (offset % this.clusterBytes !== 0 || offset >= this.file.size) {
        throw this.corrupt(`its L2 table ${index} would be at byte ${offset} of the file`);
      }
      if (!this.metadata.add(offset, this.clusterBytes)) {
        throw this.corrupt(`its L2 table ${index} overlaps another table, at byte ${offset}`);
      }
    }
  }

  private corrupt(what: string): Error {
    return diskError('disk.corrupt', this.file.label, what);
  }
}

function entryOffset(high: number, low: number): number {
  return (high & EntryHigh.offsetMask) * 2 ** 32 + ((low & EntryLow.offsetMask) >>> 0);
}
