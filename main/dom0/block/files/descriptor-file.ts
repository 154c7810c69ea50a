import {
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readSync,
  readvSync,
  writevSync,
} from 'node:fs';
import type { DomusError } from '../../../../shared/errors.ts';
import { fillZeros, sliceBuffers, totalBytes } from '../buffers.ts';
import { diskError, systemError } from '../disk-error.ts';
import type { Done } from '../disk-image.ts';
import type { BlockFile } from './block-file.ts';

/** IOV_MAX of Linux: more buffers in one call are EINVAL. */
const MAX_BUFFERS = 1024;
/** Larger devices than this do not exist; where the search for the end of one begins. */
const MAX_DEVICE_BYTES = 2 ** 52;

/** A file or block device that somebody else opened, and closes. */
export class DescriptorFile implements BlockFile {
  readonly label: string;
  readonly readOnly: boolean;
  private readonly fd: number;
  private readonly isDevice: boolean;
  private end: number;
  private lost: DomusError | null = null;

  /** @throws DomusError `disk.io` when the descriptor is neither a file nor a block device */
  constructor(fd: number, label: string, readOnly: boolean) {
    this.fd = fd;
    this.label = label;
    this.readOnly = readOnly;
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile() && !stat.isBlockDevice()) throw new Error('no file and no block device');
      this.isDevice = stat.isBlockDevice();
      this.end = this.isDevice ? deviceBytes(fd) : stat.size;
    } catch (error) {
      throw systemError(label, 'opening', error);
    }
  }

  get size(): number {
    return this.end;
  }

  read(offset: number, target: readonly Uint8Array[]): void {
    const wanted = totalBytes(target);
    let got = 0;
    try {
      while (got < wanted) {
        const rest = got === 0 ? target : sliceBuffers(target, got, wanted - got);
        const count = readvSync(this.fd, rest.slice(0, MAX_BUFFERS), offset + got);
        if (count === 0) break;
        got += count;
      }
    } catch (error) {
      throw systemError(this.label, 'reading', error);
    }
    if (got < wanted) fillZeros(sliceBuffers(target, got, wanted - got));
  }

  write(offset: number, source: readonly Uint8Array[]): void {
    this.requireWritable();
    const length = totalBytes(source);
    let put = 0;
    try {
      while (put < length) {
        const rest = put === 0 ? source : sliceBuffers(source, put, length - put);
        const count = writevSync(this.fd, rest.slice(0, MAX_BUFFERS), offset + put);
        if (count === 0) throw new Error('the system wrote nothing');
        put += count;
      }
    } catch (error) {
      throw systemError(this.label, 'writing', error);
    } finally {
      this.end = Math.max(this.end, offset + put);
    }
  }

  extend(size: number): void {
    this.requireWritable();
    if (size <= this.end) return;
    if (this.isDevice) {
      throw diskError('disk.no-space', this.label, `the device has ${this.end} bytes, not ${size}`);
    }
    try {
      ftruncateSync(this.fd, size);
      this.end = size;
    } catch (error) {
      throw systemError(this.label, 'growing', error);
    }
  }

  sync(done: Done): void {
    if (this.lost) return done(this.lost);
    fdatasync(this.fd, (error) => {
      if (error) this.lose(error);
      done(this.lost ?? this.deleted());
    });
  }

  syncNow(): void {
    if (this.lost) throw this.lost;
    try {
      fdatasyncSync(this.fd);
    } catch (error) {
      throw this.lose(error);
    }
  }

  /** What is written to a file without a name is there for as long as it is open, and no longer. */
  private deleted(): DomusError | null {
    if (this.isDevice || fstatSync(this.fd).nlink > 0) return null;
    const place = `/proc/${process.pid}/fd/${this.fd}`;
    const what = `its file was deleted while it is in use (its content is in ${place} until then)`;
    return diskError('disk.deleted', this.label, what, { data: { place } });
  }

  /** Linux forgets pages that it could not write: a second sync would succeed and mean nothing. */
  private lose(cause: unknown): DomusError {
    const message = cause instanceof Error ? cause.message : String(cause);
    this.lost ??= diskError('disk.lost', this.label, `syncing failed (${message})`, { cause });
    return this.lost;
  }

  private requireWritable(): void {
    if (this.lost) throw this.lost;
    if (this.readOnly) throw diskError('disk.read-only', this.label, 'it is opened for reading');
  }
}

/** The first offset from which nothing can be read: the system tells a device's size to root only. */
function deviceBytes(fd: number): number {
  const byte = new Uint8Array(1);
  const readable = (at: number): boolean => readSync(fd, byte, 0, 1, at) === 1;
  let low = 0;
  let high = MAX_DEVICE_BYTES;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (readable(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
