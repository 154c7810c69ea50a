/**
 * A qcow2 image as a disk. Reading and writing happen at once, in the calling thread; what they change
 * of the tables stays in memory until a flush, or until it is too much, and is then committed.
 */
import { setImmediate } from 'node:timers';
import { setImmediate as turn } from 'node:timers/promises';
import type { DomusError } from '../../../../shared/errors.ts';
import { diskError, systemError } from '../disk-error.ts';
import type { BackingImage, DiskImage, Done } from '../disk-image.ts';
import { settle } from '../done.ts';
import type { BlockFile } from '../files/block-file.ts';
import { totalBytes } from '../buffers.ts';
import { ClusterMap } from './cluster-map.ts';
import { ClusterReader } from './cluster-reader.ts';
import { ClusterWriter } from './cluster-writer.ts';
import { Commit } from './commit.ts';
import { CompressedClusters } from './compressed-clusters.ts';
import { l1EntriesFor, readHeader } from './header.ts';
import type { Qcow2Header } from './header.ts';
import { MetadataClusters } from './metadata-clusters.ts';
import { ENTRY_BYTES, Header, Incompatible, MAX_L1_ENTRIES, REFCOUNT_ORDER } from './qcow2.abi.ts';
import { Refcounts } from './refcounts.ts';

/** With clusters of 64 KiB: the tables of 16 GiB of the disk. */
const CACHE_BYTES = 2 * 2 ** 20;
const MIN_CACHE_TABLES = 8;
/** What one step of a write may change at most: two L2 tables, and blocks for what it allocates. */
const STEP_TABLES = 4;

/** A write or discard under way: `at` of `length` bytes are done. */
interface Work {
  offset: number;
  length: number;
  /** Null for a discard. */
  source: readonly Uint8Array[] | null;
  at: number;
  done: Done;
}

export class Qcow2Image implements DiskImage, BackingImage {
  readonly readOnly: boolean;
  readonly discardBytes: number;
  private readonly file: BlockFile;
  private readonly header: Qcow2Header;
  private readonly map: ClusterMap;
  private readonly refcounts: Refcounts | null;
  private readonly reader: ClusterReader;
  private readonly writer: ClusterWriter | null;
  private readonly commit: Commit | null;
  private readonly backing: BackingImage | null;
  private readonly dirtyLimit: number;
  private readonly metadata: MetadataClusters;
  private size: number;
  /** Waits until a commit has made room in the caches. */
  private parked: Work[] = [];
  /** A table was found that cannot be: nothing is written any more. */
  private corrupt: DomusError | null = null;

  /**
   * @param backing what the overlay was made over; null when it was made over nothing
   * @param cacheBytes of L2 tables, and as much of refcount blocks
   * @throws DomusError `disk.…`
   */
  constructor(file: BlockFile, backing: BackingImage | null, cacheBytes = CACHE_BYTES) {
    const header = readHeader(file);
    const { clusterBytes } = header;
    this.file = file;
    this.header = header;
    this.backing = backing;
    this.readOnly = file.readOnly;
    this.size = header.bytes;
    this.discardBytes = this.readOnly ? 0 : clusterBytes;
    checkBacking(file.label, header, backing);
    if (!this.readOnly) checkWritable(file.label, header);

    const metadata = new MetadataClusters(clusterBytes);
    this.metadata = metadata;
    metadata.add(header.l1Offset, header.l1Entries * ENTRY_BYTES);
    metadata.add(header.refcountTableOffset, header.refcountTableClusters * clusterBytes);
    const cacheTables = Math.max(MIN_CACHE_TABLES, cacheBytes / clusterBytes);
    this.dirtyLimit = cacheTables;
    this.map = new ClusterMap(file, header, metadata, cacheTables);
    const compressed = new CompressedClusters(file, clusterBytes);
    this.reader = new ClusterReader(file, this.map, compressed, backing, clusterBytes);
    if (this.readOnly) {
      this.refcounts = this.writer = this.commit = null;
      return;
    }
    this.refcounts = new Refcounts(file, header, metadata, cacheTables);
    this.writer = new ClusterWriter({
      file,
      map: this.map,
      refcounts: this.refcounts,
      reader: this.reader,
      compressed,
      backing,
      header,
    });
    this.commit = new Commit(file, this.map, this.refcounts, {
      onOver: (error) => this.resume(error),
      onFault: (error) => void this.noteCorruption(error),
    });
    if (header.hasAutoclear) this.clearAutoclear();
  }

  get bytes(): number {
    return this.size;
  }

  readNow(offset: number, target: readonly Uint8Array[]): void {
    this.reader.read(offset, target);
  }

  read(offset: number, target: readonly Uint8Array[], done: Done): void {
    settle(done, this.file.label, () => this.reader.read(offset, target));
  }

  write(offset: number, source: readonly Uint8Array[], done: Done): void {
    this.proceed({ offset, length: totalBytes(source), source, at: 0, done });
  }

  discard(offset: number, length: number, done: Done): void {
    this.proceed({ offset, length, source: null, at: 0, done });
  }

  flush(done: Done): void {
    if (this.commit) this.commit.request(done);
    else done(null);
  }

  resize(bytes: number, done: Done): void {
    if (!this.commit) return done(this.refusal());
    this.commit.between(() => settle(done, this.file.label, () => this.grow(bytes)));
  }

  close(done: Done): void {
    this.flush((error) => {
      // What that freed is counted down in memory now: without this it would be lost to the file.
      if (error || !this.refcounts?.isDirty) done(error);
      else this.flush(done);
    });
  }

  /**
   * Looks at every table, in turns with what else the thread does: a file that was cut off on its way
   * names clusters beyond its end. @throws DomusError `disk.corrupt`
   */
  async checkTables(): Promise<void> {
    const { tableEntries } = this.map;
    const clusters = Math.ceil(this.size / this.header.clusterBytes);
    for (let first = 0; first < clusters; first += tableEntries) {
      if (!this.map.hasTable(first)) continue;
      const end = Math.min(clusters, first + tableEntries);
      for (let cluster = first; cluster < end; cluster++) this.map.lookup(cluster);
      await turn();
    }
  }

  private proceed(work: Work): void {
    const { writer } = this;
    const refusal = this.refusal();
    if (refusal || !writer) return work.done(refusal);
    try {
      let steps = 0;
      while (work.at < work.length) {
        if (this.isFull()) return this.park(work);
        // A discard may be as long as the disk: others have their turn meanwhile.
        if (!work.source && steps++ === 64) return void setImmediate(() => this.proceed(work));
        const { offset, at, length } = work;
        work.at += work.source
          ? writer.write(offset + at, work.source, at, length - at)
          : writer.discard(offset + at, length - at);
      }
    } catch (error) {
      return work.done(this.noteCorruption(systemError(this.file.label, 'writing', error)));
    }
    work.done(null);
  }

  private refusal(): DomusError | null {
    if (this.readOnly) return diskError('disk.read-only', this.file.label, 'it is for reading');
    return this.corrupt;
  }

  /** A step more could leave memory with more changed tables than are kept. */
  private isFull(): boolean {
    const blocks = this.refcounts?.blocks.dirty.size ?? 0;
    return Math.max(this.map.tables.dirty.size, blocks) + STEP_TABLES > this.dirtyLimit;
  }

  private park(work: Work): void {
    this.parked.push(work);
    if (this.parked.length === 1) this.commit?.request(() => undefined);
  }

  /** After each commit: goes on with what waited for it, or fails it with what the commit met. */
  private resume(error: DomusError | null): void {
    for (const work of this.parked.splice(0)) {
      if (error) work.done(error);
      else this.proceed(work);
    }
  }

  /** Marks the image, so that no other program trusts it either. */
  private noteCorruption(error: DomusError): DomusError {
    if (error.code !== 'disk.corrupt') return error;
    this.corrupt ??= error;
    if (this.header.version === 3) {
      settle(
        () => undefined,
        this.file.label,
        () => {
          // The dirty bit is the only other that an image open for writing could have, and it has not.
          this.file.write(Header.incompatible + 7, [Uint8Array.of(Incompatible.corrupt)]);
        },
      );
    }
    return error;
  }

  private grow(bytes: number): void {
    const { label } = this.file;
    if (this.corrupt) throw this.corrupt;
    if (bytes < this.size) {
      throw diskError('disk.cannot-shrink', label, `it has ${this.size} bytes, not ${bytes}`);
    }
    if (this.backing && this.backing.bytes > this.size) {
      // What of it lies beyond the end would come to light.
      throw diskError('disk.unsupported', label, 'it cannot grow over a larger image beneath it');
    }
    const entries = l1EntriesFor(bytes, this.header.clusterBytes);
    if (!Number.isSafeInteger(bytes) || entries > MAX_L1_ENTRIES) {
      throw diskError('disk.too-large', label, `its tables have no room for ${bytes} bytes`);
    }
    if (entries > this.map.l1Entries) this.moveL1(entries, bytes);
    else this.writeSize(bytes, this.map.l1Entries, this.map.l1Offset);
    this.size = bytes;
  }

  /** The header names the new table only when that is stable, with everything it names. */
  private moveL1(entries: number, bytes: number): void {
    const { map, refcounts, metadata } = this;
    const { clusterBytes } = this.header;
    if (!refcounts) return;
    const tableBytes = entries * ENTRY_BYTES;
    const clusters = Math.ceil(tableBytes / clusterBytes);
    const old = { offset: map.l1Offset, bytes: map.l1Entries * ENTRY_BYTES };
    const first = refcounts.allocateExactly(clusters);
    const offset = first * clusterBytes;
    try {
      this.file.write(offset, [map.stableL1((clusters * clusterBytes) / ENTRY_BYTES)]);
      refcounts.commitNow();
    } catch (error) {
      refcounts.undo(first, clusters);
      throw error;
    }
    this.writeSize(bytes, entries, offset);
    metadata.add(offset, tableBytes);
    map.moveL1(offset, entries);
    metadata.delete(old.offset, old.bytes);
    for (let at = 0; at < old.bytes; at += clusterBytes) {
      refcounts.release((old.offset + at) / clusterBytes);
    }
  }

  /** Size, encryption (none) and place of the L1 table are neighbours: one write, within a sector. */
  private writeSize(bytes: number, l1Entries: number, l1Offset: number): void {
    const view = new DataView(new ArrayBuffer(Header.l1Offset + 8 - Header.size));
    view.setBigUint64(0, BigInt(bytes));
    view.setUint32(Header.l1Entries - Header.size, l1Entries);
    view.setBigUint64(Header.l1Offset - Header.size, BigInt(l1Offset));
    this.file.write(Header.size, [new Uint8Array(view.buffer)]);
    this.file.syncNow();
  }

  /** Its bits promise that extensions were kept true with the data: they are not, from now on. */
  private clearAutoclear(): void {
    this.file.write(Header.autoclear, [new Uint8Array(8)]);
    this.file.syncNow();
  }
}

function checkBacking(label: string, header: Qcow2Header, backing: BackingImage | null): void {
  if (header.backing && !backing) {
    const what = `it is an overlay over "${header.backing.name}", which was not given`;
    throw diskError('disk.unsupported', label, what);
  }
  if (!header.backing && backing) {
    throw diskError('disk.unsupported', label, 'it is no overlay, but a file beneath it was given');
  }
}

function checkWritable(label: string, header: Qcow2Header): void {
  const refuse = (code: 'disk.corrupt' | 'disk.unsupported', what: string): never => {
    throw diskError(code, label, what);
  };
  if (header.corrupt) refuse('disk.corrupt', 'it is marked as corrupt');
  if (header.dirty) {
    refuse('disk.corrupt', 'the program that wrote it last did not end its reference counts');
  }
  if (header.snapshots > 0) refuse('disk.unsupported', 'it has snapshots inside');
  if (header.refcountOrder !== REFCOUNT_ORDER) {
    const bits = 2 ** header.refcountOrder;
    refuse('disk.unsupported', `its reference counts have ${bits} bits, and 16 can be written`);
  }
}
