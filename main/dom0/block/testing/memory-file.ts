import { gather, scatter, totalBytes } from '../buffers.ts';
import { diskError } from '../disk-error.ts';
import type { Done } from '../disk-image.ts';
import type { BlockFile } from '../files/block-file.ts';

/** A file in memory that can be full, and whose syncs complete when a test says so. */
export class MemoryFile implements BlockFile {
  readonly label = 'memory';
  readOnly = false;
  private store = new Uint8Array(64 * 1024);
  private length = 0;
  /** Bytes that it can have. */
  room = Infinity;
  /** Syncs under way; null when they complete at once. */
  heldSyncs: Done[] | null = null;

  get size(): number {
    return this.length;
  }

  /** What it holds. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.store.subarray(0, this.length);
  }

  read(offset: number, target: readonly Uint8Array[]): void {
    const present = new Uint8Array(totalBytes(target));
    present.set(this.bytes.subarray(offset, offset + present.length));
    scatter(present, target);
  }

  write(offset: number, source: readonly Uint8Array[]): void {
    const length = totalBytes(source);
    if (offset + length > this.room) throw diskError('disk.no-space', this.label, 'it is full');
    this.extend(offset + length);
    gather(source, this.bytes.subarray(offset));
  }

  extend(size: number): void {
    if (size <= this.size) return;
    if (size > this.store.length) {
      const longer = new Uint8Array(Math.max(size, 2 * this.store.length));
      longer.set(this.bytes);
      this.store = longer;
    }
    this.length = size;
  }

  sync(done: Done): void {
    if (this.heldSyncs) this.heldSyncs.push(done);
    else done(null);
  }

  syncNow(): void {
    // Memory is as stable as it gets.
  }
}
