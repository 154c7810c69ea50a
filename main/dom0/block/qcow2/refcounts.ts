/**
 * How many users each cluster of the file has: the refcount table, in memory as a whole, and the blocks
 * it names. Clusters are counted from the start of the file.
 *
 * Counts in memory are never below what the tables in the file need, so that blocks can be written at
 * any time: what a kill leaves behind is at most a cluster that is counted and not used. A count may
 * go down only when no table in the *file* names the cluster any more.
 */
import type { BlockFile } from '../files/block-file.ts';
import { diskError } from '../disk-error.ts';
import type { Qcow2Header } from './header.ts';
import type { MetadataClusters } from './metadata-clusters.ts';
import { ENTRY_BYTES, Header, MAX_REFCOUNT_TABLE_BYTES, REFCOUNT_BYTES } from './qcow2.abi.ts';
import type { Table } from './table-cache.ts';
import { TableCache } from './table-cache.ts';

export interface Run {
  first: number;
  count: number;
}

export class Refcounts {
  /** Counts in a block. */
  readonly blockEntries: number;
  readonly blocks: TableCache;
  private readonly file: BlockFile;
  private readonly metadata: MetadataClusters;
  private readonly clusterBytes: number;
  private tableOffset: number;
  /** Byte offset of each block; 0: all counts of the block are 0. */
  private table: Float64Array;
  private readonly tableDirty = new Set<number>();
  /** Below it nothing is free. */
  private searchFrom = 0;
  /** From this cluster on nothing was ever written: it reads as zeros. */
  private pristineFrom: number;
  /** Clusters that nothing uses once everything that memory has is in the file. */
  private released: number[] = [];

  /** @throws DomusError `disk.corrupt` for entries that name no place of their own */
  constructor(
    file: BlockFile,
    header: Qcow2Header,
    metadata: MetadataClusters,
    cacheBlocks: number,
  ) {
    this.file = file;
    this.metadata = metadata;
    this.clusterBytes = header.clusterBytes;
    this.blockEntries = header.clusterBytes / REFCOUNT_BYTES;
    this.blocks = new TableCache(file, header.clusterBytes, cacheBlocks);
    this.tableOffset = header.refcountTableOffset;
    this.pristineFrom = Math.ceil(file.size / header.clusterBytes);
    this.table = new Float64Array(
      (header.refcountTableClusters * header.clusterBytes) / ENTRY_BYTES,
    );
    this.readTable();
  }

  get isDirty(): boolean {
    return this.blocks.dirty.size > 0 || this.tableDirty.size > 0 || this.released.length > 0;
  }

  /**
   * Takes 1 to `most` neighbouring free clusters; `pristine` when they read as zeros.
   *
   * @throws DomusError `disk.corrupt` when what is counted as free holds a table
   */
  allocateRun(most: number): Run & { pristine: boolean } {
    const { first, count } = this.findFree(1, most);
    this.take(first, count);
    this.searchFrom = first + count;
    const pristine = first >= this.pristineFrom;
    this.pristineFrom = Math.max(this.pristineFrom, first + count);
    return { first, count, pristine };
  }

  /** Takes exactly `count` neighbouring free clusters; returns the first. */
  allocateExactly(count: number): number {
    const first =
      count < this.blockEntries ? this.findFree(count, count).first : this.appendArea(count);
    this.take(first, count);
    this.pristineFrom = Math.max(this.pristineFrom, first + count);
    return first;
  }

  /** Gives back what was allocated and never named by a table. */
  undo(first: number, count: number): void {
    for (let cluster = first; cluster < first + count; cluster++) this.decrement(cluster);
  }

  /** Memory's tables no longer name the cluster; its count goes down when the file's do not either. */
  release(cluster: number): void {
    this.released.push(cluster);
  }

  /** What was released until now: to be handed to {@link free} when the file's tables are stable. */
  takeReleased(): number[] {
    const taken = this.released;
    this.released = [];
    return taken;
  }

  /** @throws DomusError `disk.corrupt` when a cluster has no user to lose */
  free(clusters: readonly number[]): void {
    for (const cluster of clusters) this.decrement(cluster);
  }

  /** Puts back what {@link takeReleased} gave. */
  releaseAgain(clusters: readonly number[]): void {
    this.released = [...clusters, ...this.released];
  }

  /** @throws DomusError `disk.…` */
  writeBlocks(): void {
    for (const block of this.blocks.dirty) this.blocks.write(block);
  }

  /** Entries that name new blocks, which must be stable before these are written. */
  takeTableEntries(): number[] {
    const entries = [...this.tableDirty];
    this.tableDirty.clear();
    return entries;
  }

  /** @throws DomusError `disk.…` */
  writeTableEntries(entries: readonly number[]): void {
    for (const index of entries) {
      const bytes = new Uint8Array(ENTRY_BYTES);
      putOffset(new DataView(bytes.buffer), 0, this.table[index]!);
      this.file.write(this.tableOffset + index * ENTRY_BYTES, [bytes]);
    }
  }

  putBackTableEntries(entries: readonly number[]): void {
    for (const index of entries) this.tableDirty.add(index);
  }

  /** All counts, with what names them, are in the file; the thread stands. @throws DomusError `disk.…` */
  commitNow(): void {
    this.writeBlocks();
    this.file.syncNow();
    const entries = this.takeTableEntries();
    try {
      this.writeTableEntries(entries);
      this.file.syncNow();
    } catch (error) {
      this.putBackTableEntries(entries);
      throw error;
    }
  }

  private count(cluster: number): number {
    const offset = this.table[Math.floor(cluster / this.blockEntries)] ?? 0;
    if (offset === 0) return 0;
    return this.blocks.get(offset).view.getUint16(this.entryAt(cluster));
  }

  private put(cluster: number, count: number): void {
    const block = this.blocks.get(this.table[Math.floor(cluster / this.blockEntries)]!);
    block.view.setUint16(this.entryAt(cluster), count);
    this.blocks.changed(block, this.entryAt(cluster));
  }

  private entryAt(cluster: number): number {
    return (cluster % this.blockEntries) * REFCOUNT_BYTES;
  }

  private take(first: number, count: number): void {
    for (let cluster = first; cluster < first + count; cluster++) {
      if (this.metadata.has(cluster)) {
        throw this.corrupt(`a table is at byte ${cluster * this.clusterBytes}, counted as free`);
      }
    }
    for (let cluster = first; cluster < first + count; cluster++) this.put(cluster, 1);
  }

  private decrement(cluster: number): void {
    const count = this.count(cluster);
    if (count === 0) {
      throw this.corrupt(`byte ${cluster * this.clusterBytes} has no user, and one less now`);
    }
    this.put(cluster, count - 1);
    if (count === 1) this.searchFrom = Math.min(this.searchFrom, cluster);
  }

  /** The first free clusters that are neighbours within one block: `least` to `most`. */
  private findFree(least: number, most: number): Run {
    for (let index = Math.floor(this.searchFrom / this.blockEntries); ; index++) {
      const block = this.blockAt(index);
      const from = Math.max(0, this.searchFrom - index * this.blockEntries);
      const found = freeRun(block, from, least, most);
      if (found) return { first: index * this.blockEntries + found.first, count: found.count };
    }
  }

  /** The block of clusters `index * blockEntries` on; made when there is none. */
  private blockAt(index: number): Table {
    if (index >= this.table.length) this.growTable(index + 1);
    if (this.table[index] === 0) this.addBlock(index, index * this.blockEntries);
    return this.blocks.get(this.table[index]!);
  }

  /** A new block in a cluster that is counted in it, or in one made with it. */
  private addBlock(index: number, cluster: number): void {
    const offset = cluster * this.clusterBytes;
    if (!this.metadata.add(offset, this.clusterBytes)) {
      throw this.corrupt(`a table is at byte ${offset}, where nothing is counted`);
    }
    this.blocks.create(offset);
    this.table[index] = offset;
    this.tableDirty.add(index);
    this.put(cluster, 1);
    this.pristineFrom = Math.max(this.pristineFrom, cluster + 1);
  }

  /** Room for `count` clusters behind everything that is counted, and for the blocks that count them. */
  private appendArea(count: number): number {
    let index = this.table.findLastIndex((offset) => offset !== 0) + 1;
    let blocks = Math.ceil(count / (this.blockEntries - 1));
    if (index + blocks > this.table.length) {
      this.growTable(index + blocks);
      index = this.table.findLastIndex((offset) => offset !== 0) + 1;
      blocks = Math.ceil(count / (this.blockEntries - 1));
      if (index + blocks > this.table.length) this.growTable(index + blocks);
    }
    const first = index * this.blockEntries;
    // They all fit into the part that the first of them counts: no table has as many clusters.
    for (let block = 0; block < blocks; block++) this.addBlock(index + block, first + block);
    return first + blocks;
  }

  /**
   * Moves the refcount table to where there is room for `entries` and more. Rare: the thread stands
   * for two syncs. Until the header names the new table the old one holds, and everything the new one
   * names is stable before.
   *
   * @throws DomusError `disk.too-large`, `disk.…`
   */
  private growTable(entries: number): void {
    const index = this.table.length;
    const perCluster = this.clusterBytes / ENTRY_BYTES;
    const wanted = Math.max(2 * index, entries + 1);
    let clusters = Math.ceil(wanted / perCluster);
    let blocks = 0;
    for (;;) {
      blocks = Math.ceil(clusters / (this.blockEntries - 1));
      if (clusters * perCluster >= Math.max(wanted, index + blocks)) break;
      clusters++;
    }
    if (clusters * this.clusterBytes > MAX_REFCOUNT_TABLE_BYTES) {
      throw diskError('disk.too-large', this.file.label, 'its file has as many clusters as it can');
    }
    const old = { offset: this.tableOffset, bytes: index * ENTRY_BYTES, table: this.table };
    const first = index * this.blockEntries;
    const start = first + blocks;
    this.table = new Float64Array(clusters * perCluster);
    this.table.set(old.table);
    for (let block = 0; block < blocks; block++) this.addBlock(index + block, first + block);
    this.take(start, clusters);
    this.metadata.add(start * this.clusterBytes, clusters * this.clusterBytes);
    this.pristineFrom = Math.max(this.pristineFrom, start + clusters);
    try {
      this.moveTable(start * this.clusterBytes, clusters);
    } catch (error) {
      this.table = old.table;
      for (let block = 0; block < blocks; block++) {
        this.blocks.forget((first + block) * this.clusterBytes);
        this.tableDirty.delete(index + block);
      }
      this.metadata.delete(first * this.clusterBytes, (blocks + clusters) * this.clusterBytes);
      throw error;
    }
    this.metadata.delete(old.offset, old.bytes);
    for (let at = 0; at < old.bytes; at += this.clusterBytes) {
      this.release((old.offset + at) / this.clusterBytes);
    }
  }

  private moveTable(offset: number, clusters: number): void {
    const bytes = new Uint8Array(clusters * this.clusterBytes);
    const view = new DataView(bytes.buffer);
    this.table.forEach((block, index) => putOffset(view, index * ENTRY_BYTES, block));
    this.writeBlocks();
    this.file.write(offset, [bytes]);
    this.file.syncNow();
    const place = new Uint8Array(12);
    putOffset(new DataView(place.buffer), 0, offset);
    new DataView(place.buffer).setUint32(
      Header.refcountTableClusters - Header.refcountTableOffset,
      clusters,
    );
    this.file.write(Header.refcountTableOffset, [place]);
    this.file.syncNow();
    this.tableOffset = offset;
    this.tableDirty.clear();
  }

  private readTable(): void {
    const bytes = new Uint8Array(this.table.length * ENTRY_BYTES);
    this.file.read(this.tableOffset, [bytes]);
    const view = new DataView(bytes.buffer);
    for (let index = 0; index < this.table.length; index++) {
      const at = index * ENTRY_BYTES;
      const offset = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
      if (offset === 0) continue;
      if (offset % this.clusterBytes !== 0 || offset >= this.file.size) {
        throw this.corrupt(`its refcount block ${index} would be at byte ${offset} of the file`);
      }
      if (!this.metadata.add(offset, this.clusterBytes)) {
        throw this.corrupt(`its refcount block ${index} overlaps another table, at byte ${offset}`);
      }
      this.table[index] = offset;
    }
  }

  private corrupt(what: string): Error {
    return diskError('disk.corrupt', this.file.label, what);
  }
}

/** Zeros in a block: byte order does not matter to them. */
function freeRun({ bytes }: Table, from: number, least: number, most: number): Run | null {
  const counts = new Uint16Array(bytes.buffer);
  let first = counts.indexOf(0, from);
  while (first >= 0) {
    let end = first + 1;
    while (end < counts.length && end - first < most && counts[end] === 0) end++;
    if (end - first >= least) return { first, count: end - first };
    first = counts.indexOf(0, end);
  }
  return null;
}

function putOffset(view: DataView, at: number, offset: number): void {
  view.setUint32(at, Math.floor(offset / 2 ** 32));
  view.setUint32(at + 4, offset >>> 0);
}
