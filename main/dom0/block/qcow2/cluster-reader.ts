/** Reads a disk's content through its map, in runs as long as the file allows. */
import { fillZeros, scatter, sliceBuffers, totalBytes } from '../buffers.ts';
import type { BackingImage } from '../disk-image.ts';
import type { BlockFile } from '../files/block-file.ts';
import type { ClusterMap, Mapping } from './cluster-map.ts';
import type { CompressedClusters } from './compressed-clusters.ts';

export class ClusterReader {
  private readonly file: BlockFile;
  private readonly map: ClusterMap;
  private readonly compressed: CompressedClusters;
  private readonly backing: BackingImage | null;
  private readonly clusterBytes: number;

  constructor(
    file: BlockFile,
    map: ClusterMap,
    compressed: CompressedClusters,
    backing: BackingImage | null,
    clusterBytes: number,
  ) {
    this.file = file;
    this.map = map;
    this.compressed = compressed;
    this.backing = backing;
    this.clusterBytes = clusterBytes;
  }

  /** Fills `target` with what is at byte `offset` of the disk. @throws DomusError `disk.…` */
  read(offset: number, target: readonly Uint8Array[]): void {
    const length = totalBytes(target);
    let at = 0;
    while (at < length) {
      const first = Math.floor((offset + at) / this.clusterBytes);
      const mapping = this.map.lookup(first);
      let end = (first + 1) * this.clusterBytes;
      for (let next = first + 1; end < offset + length; next++) {
        if (!this.continues(mapping, next - first, this.map.lookup(next))) break;
        end += this.clusterBytes;
      }
      const count = Math.min(end - offset, length) - at;
      const piece = count === length ? target : sliceBuffers(target, at, count);
      this.readRun(mapping, offset + at, piece);
      at += count;
    }
  }

  /** Whether the cluster `distance` after that of `mapping` is read with it. */
  private continues(mapping: Mapping, distance: number, next: Mapping): boolean {
    if (mapping.kind !== next.kind || mapping.kind === 'compressed') return false;
    if (mapping.kind !== 'data' || next.kind !== 'data') return true;
    return next.offset === mapping.offset + distance * this.clusterBytes;
  }

  private readRun(mapping: Mapping, offset: number, target: readonly Uint8Array[]): void {
    const within = offset % this.clusterBytes;
    switch (mapping.kind) {
      case 'data':
        return this.file.read(mapping.offset + within, target);
      case 'zero':
        return fillZeros(target);
      case 'compressed':
        return scatter(
          this.compressed.read(mapping.offset, mapping.bytes).subarray(within),
          target,
        );
      case 'none':
        return this.readBacking(offset, target);
    }
  }

  /** An image beneath that is smaller ends in zeros. */
  private readBacking(offset: number, target: readonly Uint8Array[]): void {
    const length = totalBytes(target);
    const below = Math.min(length, Math.max(0, (this.backing?.bytes ?? 0) - offset));
    if (below > 0) this.backing?.readNow(offset, sliceBuffers(target, 0, below));
    if (below < length) fillZeros(sliceBuffers(target, below, length - below));
  }
}
