/** A disk whose sectors lie in the file as they are. */
import { isZeros, sliceBuffers, totalBytes } from './buffers.ts';
import { diskError } from './disk-error.ts';
import { SECTOR_BYTES } from './disk-image.ts';
import type { BackingImage, DiskImage, Done } from './disk-image.ts';
import { settle } from './done.ts';
import type { BlockFile } from './files/block-file.ts';

/** Zeros of at least this much are looked at: a file system's block, the least that can be a hole. */
const HOLE_BYTES = 4096;
/** How much of a file is compared with zeros at once. */
const COMPARE_BYTES = 256 * 1024;

/**
 * Sparse files stay sparse: zeros are not written where the file reads as zeros already. Node.js can
 * neither punch holes nor find them, so a discard changes nothing and holes are not made anew.
 */
export class RawImage implements DiskImage, BackingImage {
  readonly discardBytes = 0;
  private readonly file: BlockFile;
  private scratch: Uint8Array | null = null;

  constructor(file: BlockFile) {
    this.file = file;
  }

  /** A last sector that the file has half of is whole here, as QEMU has it. */
  get bytes(): number {
    return Math.ceil(this.file.size / SECTOR_BYTES) * SECTOR_BYTES;
  }

  get readOnly(): boolean {
    return this.file.readOnly;
  }

  readNow(offset: number, target: readonly Uint8Array[]): void {
    this.file.read(offset, target);
  }

  read(offset: number, target: readonly Uint8Array[], done: Done): void {
    settle(done, this.file.label, () => this.file.read(offset, target));
  }

  write(offset: number, source: readonly Uint8Array[], done: Done): void {
    settle(done, this.file.label, () => {
      const length = totalBytes(source);
      if (length >= HOLE_BYTES && isZeros(source)) this.writeZeros(offset, source, length);
      else this.file.write(offset, source);
    });
  }

  discard(_offset: number, _length: number, done: Done): void {
    done(this.readOnly ? diskError('disk.read-only', this.file.label, 'it is for reading') : null);
  }

  flush(done: Done): void {
    if (this.readOnly) done(null);
    else this.file.sync(done);
  }

  resize(bytes: number, done: Done): void {
    settle(done, this.file.label, () => {
      if (bytes < this.bytes) {
        throw diskError('disk.cannot-shrink', this.file.label, `it has ${this.bytes} bytes`);
      }
      this.file.extend(bytes);
      this.file.syncNow();
    });
  }

  close(done: Done): void {
    this.flush(done);
  }

  private writeZeros(offset: number, zeros: readonly Uint8Array[], length: number): void {
    this.scratch ??= new Uint8Array(COMPARE_BYTES);
    for (let at = 0; at < length; at += COMPARE_BYTES) {
      const count = Math.min(COMPARE_BYTES, length - at);
      const present = [this.scratch.subarray(0, count)];
      this.file.read(offset + at, present);
      if (!isZeros(present)) this.file.write(offset + at, sliceBuffers(zeros, at, count));
    }
  }
}
