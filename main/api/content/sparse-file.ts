/** Bytes that come one after another into a file, whose zeros take no room. */
import { ftruncate, read, write } from 'node:fs';
import { promisify } from 'node:util';
import { DomusError } from '../../../shared/errors.ts';
import { isNoSpace } from '../../../shared/no-space.ts';

const writeAt = promisify(write);
const truncate = promisify(ftruncate);
const readAt = promisify(read);

/** A file system's block: a smaller hole spares nothing. */
const PIECE_BYTES = 4096;
const ZEROS = Buffer.alloc(64 * 1024);

export class SparseFile {
  private readonly fd: number;
  private readonly mostBytes: number;
  private at = 0;
  private stored = 0;

  /** @param fd of an empty file, somebody else's; @param mostBytes that may be stored */
  constructor(fd: number, mostBytes = Infinity) {
    this.fd = fd;
    this.mostBytes = mostBytes;
  }

  /** One call at a time. Errors `volume.no-space`, and the system's. */
  async write(bytes: Buffer): Promise<void> {
    if (bytes.length < PIECE_BYTES || !isZeros(bytes)) {
      this.stored += bytes.length;
      if (this.stored > this.mostBytes) throw noSpace(this.at);
      for (let put = 0; put < bytes.length;) {
        put += await this.put(bytes.subarray(put), this.at + put);
      }
    }
    this.at += bytes.length;
  }

  /** Zeros at the end count too. */
  async end(): Promise<void> {
    await truncate(this.fd, this.at);
  }

  private async put(bytes: Buffer, at: number): Promise<number> {
    try {
      return (await writeAt(this.fd, bytes, 0, bytes.length, at)).bytesWritten;
    } catch (error) {
      throw isNoSpace(error) ? noSpace(at) : error;
    }
  }
}

/** Bytes of a descriptor from `at` on; 0 at its end. */
export async function readInto(fd: number, target: Buffer, at: number): Promise<number> {
  return (await readAt(fd, target, 0, target.length, at)).bytesRead;
}

function isZeros(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const end = Math.min(at + ZEROS.length, bytes.length);
    if (ZEROS.compare(bytes, at, end, 0, end - at) !== 0) return false;
  }
  return true;
}

function noSpace(at: number): DomusError {
  return new DomusError(
    'volume.no-space',
    `There is no room for what is sent: it was full after ${at} bytes, and nothing of it was kept. Make room, and send it again.`,
    { data: { bytes: at } },
  );
}
