import { createReadStream } from 'node:fs';
import { Writable, type Duplex, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { unxz } from './debian/xz.ts';

export type InitrdProblem = 'not-an-initrd' | 'truncated' | 'too-large';

/** No guest could hold more. */
const maxUnpackedBytes = 1 << 30;

type Format = 'cpio' | 'gzip' | 'xz' | 'zstd' | 'opaque';

/** The beginnings that Linux's initramfs unpacker knows (init/initramfs.c, lib/decompress.c). */
const magics: readonly (readonly [magic: string, format: Format])[] = [
  ['303730373031', 'cpio'], // "070701"
  ['303730373032', 'cpio'], // "070702", with checksums
  ['1f8b', 'gzip'],
  ['fd377a585a00', 'xz'],
  ['28b52ffd', 'zstd'],
  ['425a68', 'opaque'], // bzip2
  ['5d0000', 'opaque'], // lzma
  ['894c5a4f', 'opaque'], // lzo
  ['02214c18', 'opaque'], // lz4, legacy frame
];

export const initrdHeadBytes = 8;

export function initrdFormat(head: Buffer): Format | undefined {
  const hex = head.toString('hex');
  return magics.find(([magic]) => hex.startsWith(magic))?.[1];
}

/**
 * Reads an initrd to its end, as far as its compression is known here, and tells what is wrong with
 * it: a file that was cut off would only show as a panic in the guest.
 */
export async function checkInitrd(
  path: string,
  head: Buffer,
  signal: AbortSignal | undefined,
): Promise<InitrdProblem | undefined> {
  const format = initrdFormat(head);
  if (format === undefined) return 'not-an-initrd';
  if (format === 'opaque') return undefined;
  const counted = new Counter();
  try {
    await pipeline([unpacked(createReadStream(path), format), counted], {
      ...(signal ? { signal } : {}),
    });
  } catch {
    signal?.throwIfAborted();
    return counted.size > maxUnpackedBytes ? 'too-large' : 'truncated';
  }
  return counted.ended ? undefined : 'truncated';
}

function unpacked(file: Readable, format: Exclude<Format, 'opaque'>): Readable {
  const through = (stage: Duplex): Readable => {
    file.on('error', (error) => stage.destroy(error));
    return file.pipe(stage);
  };
  switch (format) {
    case 'cpio':
      return file;
    case 'gzip':
      return through(createGunzip());
    case 'zstd':
      return through(createZstdDecompress());
    case 'xz':
      return unxz(file);
  }
}

const trailer = Buffer.from('TRAILER!!!\0');

/** Counts what comes out, and looks for the entry that ends a cpio archive. */
class Counter extends Writable {
  size = 0;
  ended = false;
  #tail: Uint8Array = new Uint8Array();

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.size += chunk.length;
    const joined = Buffer.concat([this.#tail, chunk]);
    this.ended ||= joined.includes(trailer);
    this.#tail = joined.subarray(Math.max(0, joined.length - trailer.length));
    done(this.size > maxUnpackedBytes ? new Error('too large') : undefined);
  }
}
