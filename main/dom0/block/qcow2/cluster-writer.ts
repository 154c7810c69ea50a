/** Changes a disk's content, one step at a time: in place, or into clusters that it allocates. */
import { isZeros, sliceBuffers } from '../buffers.ts';
import type { BackingImage } from '../disk-image.ts';
import type { BlockFile } from '../files/block-file.ts';
import type { ClusterMap, Mapping, NewMapping } from './cluster-map.ts';
import type { ClusterReader } from './cluster-reader.ts';
import type { CompressedClusters } from './compressed-clusters.ts';
import type { Qcow2Header } from './header.ts';
import type { Refcounts } from './refcounts.ts';

export interface ClusterWriterParts {
  file: BlockFile;
  map: ClusterMap;
  refcounts: Refcounts;
  reader: ClusterReader;
  compressed: CompressedClusters;
  backing: BackingImage | null;
  header: Qcow2Header;
}

/** A step stays within one L2 table and allocates no more clusters than this. */
const STEP_CLUSTERS = 256;

export class ClusterWriter {
  private readonly parts: ClusterWriterParts;
  private readonly clusterBytes: number;
  private readonly hasZeroFlag: boolean;
  private readonly newTable = (): number => this.allocateTable();

  constructor(parts: ClusterWriterParts) {
    this.parts = parts;
    this.clusterBytes = parts.header.clusterBytes;
    this.hasZeroFlag = parts.header.version === 3;
  }

  /**
   * Writes some of `source`, from its byte `from` on, at byte `offset` of the disk.
   *
   * @returns how many bytes: 1 to `length`
   * @throws DomusError `disk.…`; then nothing of these bytes is in the map
   */
  write(offset: number, source: readonly Uint8Array[], from: number, length: number): number {
    const cluster = Math.floor(offset / this.clusterBytes);
    const within = offset % this.clusterBytes;
    const mapping = this.parts.map.lookup(cluster);
    if (mapping.kind === 'data' && mapping.inPlace) {
      return this.overwrite(cluster, mapping.offset, within, source, from, length);
    }
    const count = Math.min(length, this.clusterBytes - within);
    const piece = sliceBuffers(source, from, count);
    if (this.readsAsZeros(cluster, mapping) && isZeros(piece)) return count;
    if (count < this.clusterBytes) {
      this.writePart(cluster, mapping, within, piece);
      return count;
    }
    if (this.hasZeroFlag && isZeros(piece)) {
      this.replace(cluster, mapping, { kind: 'zero' });
      return count;
    }
    return this.writeWhole(cluster, source, from, length);
  }

  /**
   * Forgets whole clusters in a range of the disk.
   *
   * @returns how many bytes of the range are dealt with: 1 to `length`
   */
  discard(offset: number, length: number): number {
    const { map } = this.parts;
    const cluster = Math.floor(offset / this.clusterBytes);
    const within = offset % this.clusterBytes;
    const count = Math.min(length, this.clusterBytes - within);
    if (!map.hasTable(cluster)) {
      const nextTable = (Math.floor(cluster / map.tableEntries) + 1) * map.tableEntries;
      return Math.min(length, nextTable * this.clusterBytes - offset);
    }
    if (count < this.clusterBytes) return count;
    const mapping = map.lookup(cluster);
    const isHeld = mapping.kind === 'zero' ? mapping.offset !== 0 : mapping.kind !== 'none';
    if (!isHeld) return count;
    // What lies beneath must not come to light again.
    if (!this.hasBacking(cluster)) this.replace(cluster, mapping, { kind: 'none' });
    else if (this.hasZeroFlag) this.replace(cluster, mapping, { kind: 'zero' });
    return count;
  }

  /** In place, as far as the clusters are neighbours in the file as well. */
  private overwrite(
    cluster: number,
    fileOffset: number,
    within: number,
    source: readonly Uint8Array[],
    from: number,
    length: number,
  ): number {
    let count = this.clusterBytes - within;
    for (let next = 1; count < length; next++) {
      const mapping = this.parts.map.lookup(cluster + next);
      if (mapping.kind !== 'data' || !mapping.inPlace) break;
      if (mapping.offset !== fileOffset + next * this.clusterBytes) break;
      count += this.clusterBytes;
    }
    count = Math.min(count, length);
    this.parts.file.write(fileOffset + within, sliceBuffers(source, from, count));
    return count;
  }

  /** Part of a cluster that is not there yet: with what is to be seen around it. */
  private writePart(
    cluster: number,
    old: Mapping,
    within: number,
    piece: readonly Uint8Array[],
  ): void {
    const { file, reader, refcounts } = this.parts;
    const { first, pristine } = refcounts.allocateRun(1);
    const offset = first * this.clusterBytes;
    try {
      if (pristine && this.readsAsZeros(cluster, old)) {
        file.write(offset + within, piece);
      } else {
        const whole = new Uint8Array(this.clusterBytes);
        reader.read(cluster * this.clusterBytes, [whole]);
        let at = within;
        for (const buffer of piece) {
          whole.set(buffer, at);
          at += buffer.length;
        }
        file.write(offset, [whole]);
      }
      this.replace(cluster, old, { kind: 'data', offset });
    } catch (error) {
      refcounts.undo(first, 1);
      throw error;
    }
  }

  /** Whole clusters that are not there yet, as many as get neighbouring places. */
  private writeWhole(
    cluster: number,
    source: readonly Uint8Array[],
    from: number,
    length: number,
  ): number {
    const { file, map, refcounts } = this.parts;
    const old = this.replaceable(cluster, source, from, length);
    const { first, count } = refcounts.allocateRun(old.length);
    const bytes = count * this.clusterBytes;
    try {
      file.write(first * this.clusterBytes, sliceBuffers(source, from, bytes));
      // Makes the L2 table if it has to be made: nothing after this can fail.
      map.set(cluster, { kind: 'data', offset: first * this.clusterBytes }, this.newTable);
    } catch (error) {
      refcounts.undo(first, count);
      throw error;
    }
    for (let index = 0; index < count; index++) {
      const offset = (first + index) * this.clusterBytes;
      map.set(cluster + index, { kind: 'data', offset }, this.newTable);
      this.release(old[index]!);
    }
    return bytes;
  }

  /** What is mapped from `cluster` on, as far as that needs clusters for what is not all zeros. */
  private replaceable(
    cluster: number,
    source: readonly Uint8Array[],
    from: number,
    length: number,
  ): Mapping[] {
    const { map } = this.parts;
    const untilNextTable = map.tableEntries - (cluster % map.tableEntries);
    const whole = Math.floor(length / this.clusterBytes);
    const limit = Math.min(whole, untilNextTable, STEP_CLUSTERS);
    const mappings = [map.lookup(cluster)];
    while (mappings.length < limit) {
      const mapping = map.lookup(cluster + mappings.length);
      if (mapping.kind === 'data' && mapping.inPlace) break;
      const at = from + mappings.length * this.clusterBytes;
      if (isZeros(sliceBuffers(source, at, this.clusterBytes))) break;
      mappings.push(mapping);
    }
    return mappings;
  }

  private replace(cluster: number, old: Mapping, mapping: NewMapping): void {
    this.parts.map.set(cluster, mapping, this.newTable);
    this.release(old);
  }

  /** The clusters of the file that the mapping named have one user less. */
  private release(mapping: Mapping): void {
    const { compressed, refcounts } = this.parts;
    if (mapping.kind === 'none' || (mapping.kind === 'zero' && mapping.offset === 0)) return;
    let bytes = this.clusterBytes;
    if (mapping.kind === 'compressed') {
      compressed.forget(mapping.offset);
      bytes = mapping.bytes;
    }
    const end = mapping.offset + bytes;
    const first = Math.floor(mapping.offset / this.clusterBytes);
    for (let cluster = first; cluster * this.clusterBytes < end; cluster++) {
      refcounts.release(cluster);
    }
  }

  private readsAsZeros(cluster: number, mapping: Mapping): boolean {
    return mapping.kind === 'zero' || (mapping.kind === 'none' && !this.hasBacking(cluster));
  }

  private hasBacking(cluster: number): boolean {
    return cluster * this.clusterBytes < (this.parts.backing?.bytes ?? 0);
  }

  private allocateTable(): number {
    return this.parts.refcounts.allocateRun(1).first * this.clusterBytes;
  }
}
