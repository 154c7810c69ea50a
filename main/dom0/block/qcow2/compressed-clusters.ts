/** Clusters that another program compressed; those read last stay decompressed. */
import { inflateRawSync } from 'node:zlib';
import { diskError } from '../disk-error.ts';
import type { BlockFile } from '../files/block-file.ts';

/** Small reads of a large cluster would decompress it again each time. */
const KEPT_BYTES = 2 * 2 ** 20;

export class CompressedClusters {
  private readonly file: BlockFile;
  private readonly clusterBytes: number;
  private readonly kept = new Map<number, Uint8Array>();

  constructor(file: BlockFile, clusterBytes: number) {
    this.file = file;
    this.clusterBytes = clusterBytes;
  }

  /**
   * The cluster whose compressed form is in `bytes` bytes, or fewer, of the file. Not to be changed.
   *
   * @throws DomusError `disk.corrupt`, `disk.io`
   */
  read(offset: number, bytes: number): Uint8Array {
    const kept = this.kept.get(offset);
    if (kept) return kept;
    const compressed = new Uint8Array(bytes);
    this.file.read(offset, [compressed]);
    const cluster = this.inflate(offset, compressed);
    this.kept.set(offset, cluster);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size * this.clusterBytes <= KEPT_BYTES) break;
      this.kept.delete(oldest);
    }
    return cluster;
  }

  /** The clusters of the file that it lies in may hold something else from now on. */
  forget(offset: number): void {
    this.kept.delete(offset);
  }

  private inflate(offset: number, compressed: Uint8Array): Uint8Array {
    let cause: unknown;
    try {
      const cluster = inflateRawSync(compressed, { maxOutputLength: this.clusterBytes });
      if (cluster.length === this.clusterBytes) return cluster;
    } catch (error) {
      cause = error;
    }
    throw diskError(
      'disk.corrupt',
      this.file.label,
      `what is at byte ${offset} of the file does not decompress to a cluster`,
      { cause },
    );
  }
}
